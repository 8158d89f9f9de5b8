import { contractFile, type Files } from '../../platform/folder';

export const required = (type: string) => `logicalType: ${type}, required: true`;
export const key = (type: string, position: number) =>
  `${required(type)}, primaryKey: true, primaryKeyPosition: ${position}`;

/** Events of users, as JSON. */
export const clicksContract = contractFile(
  'clicks',
  'silver',
  {
    id: key('string', 1),
    user: required('string'),
    event_type: required('string'),
    happened_at: required('timestamp'),
    amount: 'integer',
  },
  { source: true },
).replace('format: parquet', 'format: json');

/** A platform of one stream with one window, which is deployed. */
export const platformFiles: Files = {
  'platform.yaml': `name: tap
streams:
  clicks:
    table: silver.clicks
    eventTime: happened_at
    partitionKey: user
    windows:
      per-minute:
        size: 1 minute
        watermark: 5 minutes
        groupBy: [user]
        filter: event_type <> 'heartbeat'
        measures: { events: count, amount: sum(amount), too_late: late }
        into: gold.fct_clicks
`,
  'contracts/clicks.odcs.yaml': clicksContract,
  'contracts/fct_clicks.odcs.yaml': contractFile('fct_clicks', 'gold', {
    window_start: key('timestamp', 1),
    window_end: required('timestamp'),
    user: key('string', 2),
    events: 'integer',
    amount: 'integer',
    too_late: 'integer',
  }),
};
