import { CfnParameter } from 'aws-cdk-lib'
import { Construct } from 'constructs'

/** How much of the fleet one person may expose at once, as parameters: a first wave that exceeds both needs a second person. */
export class Exposure extends Construct {
  readonly targets: string
  readonly percent: string

  constructor(scope: Construct) {
    super(scope, 'Exposure')
    this.targets = parameter(this, 'ExposureTargets', {
      description:
        'A first wave of more targets than this needs the approval of a second person, if it is also more than ExposurePercent',
      fallback: '100',
      largest: 1_000_000,
    })
    this.percent = parameter(this, 'ExposurePercent', {
      description:
        'Percent of the targets that run the component: a first wave of more than ExposureTargets and of more than this needs a second person',
      fallback: '20',
      largest: 100,
    })
  }
}

function parameter(
  scope: Construct,
  name: string,
  { description, fallback, largest }: { description: string; fallback: string; largest: number },
): string {
  const created = new CfnParameter(scope, name, {
    type: 'Number',
    description,
    default: fallback,
    minValue: 0,
    maxValue: largest,
  })
  created.overrideLogicalId(name)
  return created.valueAsString
}
