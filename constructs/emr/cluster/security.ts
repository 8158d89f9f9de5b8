import type { AllOf, EmrSecurityNode, Node, SecurityGroupRuleNode } from '../../core/nodes';
import { operationsKeyId } from '../../core/operations-key';
import { ref, type Text } from '../../core/text';
import type { LakeFacts } from '../../lake/model';
import { primaryGroupId, serviceGroupId, workersGroupId } from './ids';
import type { EmrClusterDeclaration } from './props';

const key = ref(operationsKeyId, 'arn');

/** EMR's settings of encryption, of the metadata that instances read, and of who logs in. */
export function securityConfiguration(declared: EmrClusterDeclaration, lake: LakeFacts): EmrSecurityNode {
  const { certificates, authentication = 'none' } = declared;
  return {
    kind: 'emrSecurity',
    id: 'Security',
    configuration: {
      EncryptionConfiguration: {
        EnableInTransitEncryption: true,
        EnableAtRestEncryption: true,
        InTransitEncryptionConfiguration: {
          TLSCertificateConfiguration: { CertificateProviderType: 'PEM', S3Object: certificates },
        },
        AtRestEncryptionConfiguration: {
          // What EMR's own file system writes; Iceberg's has the default key of the bucket, which is the same.
          S3EncryptionConfiguration: {
            EncryptionMode: 'SSE-KMS',
            AwsKmsKey: key,
            Overrides: lake.zones.flatMap(({ bucketName, keyArn }) =>
              keyArn === undefined ? [] : [{ BucketName: bucketName, EncryptionMode: 'SSE-KMS', AwsKmsKey: keyArn }],
            ),
          },
          LocalDiskEncryptionConfiguration: {
            EncryptionKeyProviderType: 'AwsKms',
            AwsKmsKey: key,
            EnableEbsEncryption: true,
          },
        },
      },
      InstanceMetadataServiceConfiguration: {
        MinimumInstanceMetadataServiceVersion: 2,
        HttpPutResponseHopLimit: 1,
      },
      ...(authentication === 'none'
        ? {}
        : {
            AuthenticationConfiguration: {
              KerberosConfiguration: {
                Provider: 'ClusterDedicatedKdc',
                ClusterDedicatedKdcConfiguration: {
                  TicketLifetimeInHours: authentication.kerberos.ticketHours ?? 24,
                },
              },
            },
          }),
    },
  };
}

interface Side {
  readonly group: string;
  readonly name: string;
}

const primary: Side = { group: primaryGroupId, name: 'Primary' };
const workers: Side = { group: workersGroupId, name: 'Workers' };
const service: Side = { group: serviceGroupId, name: 'Service' };

/**
 * Security groups of a cluster in private subnets. The rules are those that EMR would add by itself where they are
 * missing: were it to, the groups could not be deleted with their stack, since they would name one another.
 */
export function securityGroups(own: string, vpcId: Text): Node[] {
  const group = ({ group: id, name }: Side, description: string): Node => ({
    kind: 'securityGroup',
    id,
    name: `${own}-${name.toLowerCase()}`,
    description: `${own}: ${description}`,
    vpcId,
  });
  return [
    group(primary, 'the primary node'),
    group(workers, 'core and task nodes'),
    group(service, 'what EMR reaches the nodes from'),
    ...[primary, workers].flatMap((to) => [
      ...[primary, workers].flatMap((from) => between(from, to)),
      rule('in', to, service, 8443),
      rule('out', service, to, 8443),
      httpsOut(to),
    ]),
    rule('in', service, primary, 9443),
    rule('out', primary, service, 9443),
  ];
}

function between(from: Side, to: Side): Node[] {
  return [
    ...(['all-tcp', 'all-udp', 'all-icmp'] as const).map((all) => rule('in', to, from, all)),
    rule('out', from, to, 'any'),
  ];
}

function rule(direction: 'in' | 'out', of: Side, peer: Side, port: number | AllOf): SecurityGroupRuleNode {
  const word = typeof port === 'number' ? String(port) : `${port.replace('all-', '').toUpperCase()}`;
  return {
    kind: 'securityGroupRule',
    id: `${of.name}${direction === 'in' ? 'From' : 'To'}${peer.name}${word}`,
    direction,
    securityGroupId: ref(of.group, 'id'),
    description: `${direction === 'in' ? 'From' : 'To'} ${peer.name.toLowerCase()}: ${typeof port === 'number' ? `port ${port}` : port.replace('all-', 'all ')}`,
    port,
    peer: { securityGroupId: ref(peer.group, 'id') },
  };
}

const httpsOut = ({ group, name }: Side): SecurityGroupRuleNode => ({
  kind: 'securityGroupRule',
  id: `${name}HttpsOut`,
  direction: 'out',
  securityGroupId: ref(group, 'id'),
  description: 'HTTPS to services of AWS',
  port: 443,
  peer: { cidr: '0.0.0.0/0' },
});
