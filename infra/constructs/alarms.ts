import { CfnOutput, Duration, Stack } from 'aws-cdk-lib'
import {
  Alarm,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  type IMetric,
  MathExpression,
  Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import { Topic } from 'aws-cdk-lib/aws-sns'
import type { Queue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import type { Api } from './api.ts'
import type { Functions } from './functions.ts'
import { names } from './names.ts'
import type { Workflow } from './workflow.ts'

interface AlarmsProps {
  readonly api: Api
  readonly functions: Functions
  readonly workflow: Workflow
  readonly queues: Readonly<Record<string, Queue>>
}

const period = Duration.minutes(5)

/** What a person must hear of, one topic to hear it by, and a dashboard of the same figures. */
export class Alarms extends Construct {
  private readonly topic: Topic

  constructor(scope: Construct, { api, functions, workflow, queues }: AlarmsProps) {
    super(scope, 'Alarms')
    // Names of alarms only: CloudWatch could not publish to a topic under the key that AWS manages, and these are no secrets.
    this.topic = new Topic(this, 'Topic', { enforceSSL: true })
    new CfnOutput(this, 'TopicArn', { value: this.topic.topicArn })

    const readers = functions.on('commit')
    for (const { name, lambda } of readers) {
      const age = lambda.metric('IteratorAge', { statistic: 'Maximum', period: Duration.minutes(1) })
      this.alarm(`IteratorAge-${name}`, `The ${name} is more than a minute behind the log.`, age, 60_000, 5)
    }
    for (const [name, lambda] of Object.entries(functions.all)) {
      this.alarm(`Errors-${name}`, `The function "${name}" fails.`, lambda.metricErrors({ period }), 0)
    }
    for (const [name, queue] of Object.entries(queues)) {
      const depth = queue.metricApproximateNumberOfMessagesVisible({ period, statistic: 'Maximum' })
      this.alarm(`DeadLetters-${name}`, `The ${name} gave something up: see what, and reconcile.`, depth, 0)
    }
    const ended = {
      Failed: workflow.machine.metricFailed({ period }),
      TimedOut: workflow.machine.metricTimedOut({ period }),
      Aborted: workflow.machine.metricAborted({ period }),
    }
    for (const [status, metric] of Object.entries(ended)) {
      this.alarm(
        `Executions-${status}`,
        'An execution ended before its upgrade; the next generation goes on.',
        metric,
        0,
      )
    }
    this.alarm(
      'ServerErrors',
      'The API answers with 5xx.',
      api.api.metricServerError({ period, statistic: 'Sum' }),
      0,
    )
    this.alarm(
      'LogTampered',
      'A commit of the log was changed or removed. Nobody is granted that: find out who did it.',
      counted('LogTampered'),
      0,
    )
    this.alarm(
      'ViewDrift',
      'Rows of a view that the log does not account for: rebuild the views, and find out why.',
      counted('ViewDrift'),
      0,
    )
    this.alarm(
      'Parked',
      'Something cannot be done, or shown, however often it is tried: it waits for a person. See which, and why.',
      counted('Parked'),
      0,
    )
    this.alarm(
      'CalendarsRunningOut',
      'Within a month a calendar is closed for good, and with it everything that keeps to it. Define it anew, or delete it.',
      counted('CalendarsRunningOut'),
      0,
    )
    this.alarm(
      'Loop',
      'The reactor appends more than ten times what comes from outside: it may be answering itself.',
      // A floor of 1,000 leaves quiet hours alone, when a few ticks are all that comes from outside.
      new MathExpression({
        expression: 'FILL(reactor, 0) - 10 * FILL(external, 0)',
        usingMetrics: { reactor: counted('ReactorAppends'), external: counted('ExternalAppends') },
        period,
        label: 'Appends of the reactor beyond ten times the external ones',
      }),
      1000,
      3,
    )

    dashboard(this, [
      ['API', [api.api.metricCount({ period }), api.api.metricServerError({ period })]],
      ['Appends', [counted('ReactorAppends'), counted('ExternalAppends')]],
      ['Behind the log', readers.map(({ lambda }) => lambda.metric('IteratorAge', { statistic: 'Maximum' }))],
      ['Executions ended early', Object.values(ended)],
      ['Errors', Object.values(functions.all).map((lambda) => lambda.metricErrors({ period }))],
      [
        'Dead letters',
        Object.values(queues).map((queue) => queue.metricApproximateNumberOfMessagesVisible()),
      ],
    ])
  }

  private alarm(
    id: string,
    alarmDescription: string,
    metric: IMetric,
    threshold: number,
    evaluationPeriods = 1,
  ): void {
    const alarm = new Alarm(this, id, {
      alarmDescription,
      metric,
      threshold,
      evaluationPeriods,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    })
    alarm.addAlarmAction(new SnsAction(this.topic))
  }
}

/** Returns a count that the functions write into their logs (embedded metric format), without dimensions. */
function counted(metricName: string): Metric {
  return new Metric({ namespace: names.metrics, metricName, statistic: 'Sum', period })
}

function dashboard(scope: Construct, graphs: readonly (readonly [string, IMetric[]])[]): void {
  new Dashboard(scope, 'Dashboard', {
    dashboardName: Stack.of(scope).stackName,
    widgets: [graphs.slice(0, 3), graphs.slice(3)].map((row) =>
      row.map(([title, left]) => new GraphWidget({ title, left, width: 8 })),
    ),
  })
}
