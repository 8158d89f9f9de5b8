import { CloudwatchMetricAlarm, GlueSchema, LambdaInvocation } from './aws';

// What comes with every table, and so by the thousand. The provider's classes hand cdktf each attribute that they know,
// most of them undefined, and cdktf resolves the name of each, several times.

export class LeanAlarm extends CloudwatchMetricAlarm {
  protected override synthesizeAttributes(): Attributes {
    return defined(super.synthesizeAttributes());
  }
}

export class LeanSchema extends GlueSchema {
  protected override synthesizeAttributes(): Attributes {
    return defined(super.synthesizeAttributes());
  }
}

export class LeanInvocation extends LambdaInvocation {
  protected override synthesizeAttributes(): Attributes {
    return defined(super.synthesizeAttributes());
  }
}

type Attributes = { [name: string]: unknown };

/** Attributes without those that are not set; tokens are left as they are. */
export function defined(attributes: Attributes): Attributes {
  const walk = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
    return defined(value as Attributes);
  };
  const kept: Attributes = {};
  for (const name of Object.keys(attributes)) if (attributes[name] !== undefined) kept[name] = walk(attributes[name]);
  return kept;
}
