import { Stack, Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import type { Statement } from '../nodes';
import type { Resolved } from '../text';

/** Says to cdk-nag why a resource is an exception to some of its rules. */
export function acknowledge(
  scope: IConstruct,
  exceptions: readonly { readonly rule: string; readonly reason: string }[] = [],
): void {
  for (const { rule, reason } of exceptions) Validations.of(scope).acknowledge({ id: rule, reason });
  // The CDK keeps where this was called from, in folders of the machine at hand: what is synthesised is the same on each.
  for (const entry of scope.node.metadata)
    if (entry.type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY) delete (entry as { trace?: unknown }).trace;
}

/**
 * Says to cdk-nag why resources of statements end in `*`, each by its exact id, so that another wildcard beside them
 * is still found. The ids hold logical ids and names of exports, which stand only once the app is prepared: hence at
 * validation, which comes after that and before any rule is asked.
 */
export function acknowledgeWildcards(scope: IConstruct, statements: readonly Resolved<Statement>[]): void {
  const explained = statements.filter(({ because }) => because !== undefined);
  if (explained.length === 0) return;
  scope.node.addValidation({
    validate: () => {
      for (const { because, resources } of explained) {
        for (const resource of resources.map((each) => flat(Stack.of(scope).resolve(each)))) {
          if (resource.includes('*'))
            acknowledge(scope, [{ rule: `AwsSolutions-IAM5[Resource::${resource}]`, reason: because! }]);
        }
      }
      return [];
    },
  });
}

/** A resolved value as cdk-nag writes it in its ids: `<LakeBronzeBucket1234.Arn>/*`. */
function flat(value: unknown): string {
  if (typeof value === 'string') return value.replaceAll('${', '<').replaceAll('}', '>');
  if (typeof value !== 'object' || value === null) return '';
  if ('Fn::Join' in value) {
    const [delimiter, items] = value['Fn::Join'] as [string, unknown[]];
    return items.map(flat).join(delimiter);
  }
  if ('Fn::GetAtt' in value) {
    const [resource, attribute] = value['Fn::GetAtt'] as [string, string];
    return `<${resource}.${attribute}>`;
  }
  if ('Fn::ImportValue' in value) return flat(value['Fn::ImportValue']);
  return 'Ref' in value ? `<${flat(value.Ref)}>` : JSON.stringify(value);
}
