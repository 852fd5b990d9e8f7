import { Duration, Stack } from 'aws-cdk-lib'
import {
  Dashboard as CloudWatchDashboard,
  GraphWidget,
  type IMetric,
  type IWidget,
  MathExpression,
  Metric,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch'
import type { Table } from 'aws-cdk-lib/aws-dynamodb'
import type { Queue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import { catalogueIndex } from '../../functions/environment.ts'
import type { Api } from './api.ts'
import { declarations, functionNames } from './declarations.ts'
import type { Functions } from './functions.ts'
import { namesOf } from './names.ts'
import { prices } from './prices.ts'

export interface DashboardProps {
  readonly api: Api
  readonly functions: Functions
  /** What executions are counted that ended early. */
  readonly ended: readonly IMetric[]
  readonly queues: Readonly<Record<string, Queue>>
  /** Log, views and working state. */
  readonly tables: readonly Table[]
}

const period = Duration.minutes(5)
const day = Duration.days(1)

/** A picture of how upgrades go (M14), how the stack itself does, and what the day costs. */
export class Dashboard extends Construct {
  constructor(scope: Construct, props: DashboardProps) {
    super(scope, 'Dashboard')
    // Its logical id is that of the construct: another one under the same name would be removed with the old one.
    new CloudWatchDashboard(this, 'Default', {
      dashboardName: Stack.of(this).stackName,
      widgets: [
        [title('Upgrades')],
        ...inRows(this.upgrades()),
        [title('The stack')],
        ...inRows(this.stack(props)),
        [title('Cost')],
        ...inRows(this.cost(props)),
      ],
    })
  }

  /** How attempts end, as upgrades tell it (docs/analytics.md). */
  private upgrades(): IWidget[] {
    const told = (name: string, dimensionsMap?: Record<string, string>) =>
      this.counted(name, day, dimensionsMap)
    const usingMetrics = {
      attempts: told('UpdateAttempts'),
      success: told('UpdateSuccess'),
      rollbacks: told('UpdateRollbacks'),
      seconds: told('UpdateSeconds'),
    }
    const of = (expression: string, label: string, ...names: (keyof typeof usingMetrics)[]) =>
      new MathExpression({
        ...{ expression, label, period: day },
        usingMetrics: Object.fromEntries(names.map((name) => [name, usingMetrics[name]])),
      })
    const { metrics } = namesOf(this)
    return [
      percents(
        'Update Success Rate',
        of('100 * success / attempts', 'of attempts, a day', 'success', 'attempts'),
      ),
      graph('Average Update Time', of('seconds / success', 'seconds, a day', 'seconds', 'success')),
      graph(
        'Updates by Channel',
        new MathExpression({
          expression: `SEARCH('{"${metrics}",Channel} MetricName="UpdateAttempts"', 'Sum', 86400)`,
          ...{ label: '', period: day, usingMetrics: {} },
        }),
      ),
      percents(
        'Rollback Rate',
        of('100 * rollbacks / attempts', 'of attempts, a day', 'rollbacks', 'attempts'),
      ),
      graph('Upgrades held for an hour', this.counted('HeldForAnHour', Duration.minutes(15), {}, 'Maximum')),
    ]
  }

  private stack({ api, functions, ended, queues }: DashboardProps): IWidget[] {
    const all = Object.values(functions.all)
    const behind = functions
      .on('commit')
      .map(({ lambda }) => lambda.metric('IteratorAge', { statistic: 'Maximum' }))
    return [
      graph('API', api.api.metricCount({ period }), api.api.metricServerError({ period })),
      graph('Appends', this.counted('ReactorAppends'), this.counted('ExternalAppends')),
      graph('Behind the log', ...behind),
      graph('Executions ended early', ...ended),
      graph('Errors', ...all.map((lambda) => lambda.metricErrors({ period }))),
      graph('Throttles', ...all.map((lambda) => lambda.metricThrottles({ period }))),
      graph(
        'Dead letters',
        ...Object.values(queues).map((queue) => queue.metricApproximateNumberOfMessagesVisible()),
      ),
    ]
  }

  /** What the day costs by what AWS itself counts, at list prices. Transitions are counted for the account as a whole; logs, events and what is at rest are left out. */
  private cost({ api, functions, tables }: DashboardProps): IWidget[] {
    const lambdas = functionNames.map((name) => ({ name, lambda: functions.all[name] }))
    const requests = lambdas.map(({ lambda }) => lambda.metricInvocations({ period: day, statistic: 'Sum' }))
    const times = lambdas.map(({ lambda }) => lambda.metricDuration({ period: day, statistic: 'Sum' }))
    const gigabytes = lambdas.map(({ name }) => declarations[name].memory / 1024)
    const written = tables.map((table) => consumed(table, 'ConsumedWriteCapacityUnits'))
    const read = tables.map((table) => consumed(table, 'ConsumedReadCapacityUnits'))
    const [log] = tables
    const index = { GlobalSecondaryIndexName: catalogueIndex }
    if (log) {
      written.push(consumed(log, 'ConsumedWriteCapacityUnits', index))
      read.push(consumed(log, 'ConsumedReadCapacityUnits', index))
    }
    const transitions = new Metric({
      ...{ namespace: 'AWS/States', metricName: 'ConsumedCapacity' },
      dimensionsMap: { ServiceMetric: 'StateTransition' },
      ...{ statistic: 'Sum', period: day },
    })
    return [
      new GraphWidget({
        ...{ title: 'Cost of the day, in US dollars', width: 24, stacked: true, period: day },
        left: [
          priced('requests of the API', [api.api.metricCount({ period: day })], prices.httpRequest),
          priced('write units', written, prices.writeRequestUnit),
          priced('read units', read, prices.readRequestUnit),
          priced('invocations', requests, prices.lambdaRequest),
          priced('time of functions', times, prices.lambdaGigabyteSecond / 1000, gigabytes),
          priced('transitions, of the account', [transitions], prices.stateTransition),
        ],
      }),
    ]
  }

  /** A count that the functions write into their logs (embedded metric format). */
  private counted(
    metricName: string,
    over = period,
    dimensionsMap: Record<string, string> = {},
    statistic = 'Sum',
  ): Metric {
    return new Metric({
      ...{ namespace: namesOf(this).metrics, metricName, dimensionsMap, statistic, period: over },
    })
  }
}

function title(markdown: string): IWidget {
  return new TextWidget({ markdown: `## ${markdown}`, width: 24, height: 1 })
}

function graph(title: string, ...left: IMetric[]): IWidget {
  return new GraphWidget({ title, left, width: 8 })
}

function percents(title: string, ...left: IMetric[]): IWidget {
  return new GraphWidget({ title, left, width: 8, leftYAxis: { min: 0, max: 100 } })
}

function inRows(widgets: readonly IWidget[]): IWidget[][] {
  return Array.from({ length: Math.ceil(widgets.length / 3) }, (_, row) =>
    widgets.slice(3 * row, 3 * row + 3),
  )
}

function consumed(table: Table, metricName: string, of: Record<string, string> = {}): Metric {
  return new Metric({
    ...{ namespace: 'AWS/DynamoDB', metricName, statistic: 'Sum', period: day },
    dimensionsMap: { TableName: table.tableName, ...of },
  })
}

/** Returns what metrics come to at a price, each of them so many times; what was not counted is nothing. */
function priced(
  label: string,
  metrics: readonly IMetric[],
  price: number,
  times: readonly number[] = metrics.map(() => 1),
): IMetric {
  // Names of metrics have to be apart within a picture, and of the hidden ones too.
  const own = label.replaceAll(/[^a-z]/g, '')
  const named = metrics.map((metric, place) => [`${own}${place}`, metric] as const)
  const sum = named.map(([name], place) => `FILL(${name}, 0) * ${times[place] ?? 1}`).join(' + ')
  return new MathExpression({
    ...{ expression: `(${sum}) * ${price.toFixed(12)}`, label, period: day },
    usingMetrics: Object.fromEntries(named),
  })
}
