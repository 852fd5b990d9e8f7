import { CfnOutput, Duration } from 'aws-cdk-lib'
import {
  Alarm,
  type AlarmProps,
  ComparisonOperator,
  type IMetric,
  MathExpression,
  Metric,
  type MetricOptions,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import type { Topic } from 'aws-cdk-lib/aws-sns'
import { Construct } from 'constructs'
import { alarmTopic } from './alarm-topic.ts'
import { Dashboard, type DashboardProps } from './dashboard.ts'
import { type Declaration, declarations } from './declarations.ts'
import { namesOf } from './names.ts'
import type { Workflow } from './workflow.ts'

interface AlarmsProps extends Omit<DashboardProps, 'ended'> {
  /** By what they drive. */
  readonly workflows: Readonly<Record<string, Workflow>>
}

const period = Duration.minutes(5)

/** What a person must hear of, one topic to hear it by, and a dashboard of the same figures. */
export class Alarms extends Construct {
  private readonly topic: Topic

  constructor(scope: Construct, { api, functions, workflows, queues, tables }: AlarmsProps) {
    super(scope, 'Alarms')
    this.topic = alarmTopic(this)
    new CfnOutput(this, 'TopicArn', { value: this.topic.topicArn })

    const readers = functions.on('commit')
    for (const { name, lambda } of readers) {
      const age = lambda.metric('IteratorAge', { statistic: 'Maximum', period: Duration.minutes(1) })
      this.alarm(`IteratorAge-${name}`, `The ${name} is more than a minute behind the log.`, age, 60_000, 5)
    }
    for (const [name, lambda] of Object.entries(functions.all)) {
      const { throws, turnsAway } = declaredAs(name) ?? {}
      if (!throws)
        this.alarm(`Errors-${name}`, `The function "${name}" fails.`, lambda.metricErrors({ period }), 0)
      if (turnsAway) continue
      this.alarm(
        `Throttles-${name}`,
        `The function "${name}" is called more often at once than it may run.`,
        lambda.metricThrottles({ period }),
        0,
      )
    }
    const { ticker, reconcile } = functions.all
    this.silence(
      'NotInvoked-ticker',
      'Nobody tells live upgrades the time.',
      ticker.metricInvocations({ period }),
      2,
    )
    const hourly = reconcile.metricInvocations({ period: Duration.hours(1) })
    this.silence('NotInvoked-reconcile', 'Nothing that was missed is healed any more.', hourly, 2)
    for (const [name, queue] of Object.entries(queues)) {
      const depth = queue.metricApproximateNumberOfMessagesVisible({ period, statistic: 'Maximum' })
      this.alarm(
        `DeadLetters-${name}`,
        `Something was given up and lies in the queue ${queue.queueName} (${name}).`,
        depth,
        0,
      )
    }
    const ended: IMetric[] = []
    for (const [drives, { machine }] of Object.entries(workflows)) {
      const metrics = {
        Failed: machine.metricFailed({ period }),
        TimedOut: machine.metricTimedOut({ period }),
        Aborted: machine.metricAborted({ period }),
      }
      for (const [status, metric] of Object.entries(metrics)) {
        const words = `An execution ended before its ${drives}; the next generation goes on.`
        this.alarm(`Executions-${drives}-${status}`, words, metric, 0)
        ended.push(metric)
      }
    }
    for (const { of, lambda } of functions.on('end of an execution')) {
      // Its state machines come and go: what hears of their ends is counted instead.
      if (Object.hasOwn(workflows, of)) continue
      const heard = lambda.metricInvocations({ period })
      this.alarm(`Executions-${of}`, `An execution ended before its ${of}; the next one goes on.`, heard, 0)
      ended.push(heard)
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
      counted(this, 'LogTampered'),
      0,
    )
    this.alarm(
      'ViewDrift',
      'Rows of a view that the log does not account for: rebuild the views, and find out why.',
      counted(this, 'ViewDrift'),
      0,
    )
    this.alarm(
      'Parked',
      'Something cannot be done, or shown, however often it is tried: it waits for a person. See which, and why.',
      counted(this, 'Parked'),
      0,
    )
    this.alarm(
      'Undelivered',
      'Something that people or programs were to be told did not get to its destination and was given up. See where, and why.',
      counted(this, 'Undelivered'),
      0,
    )
    this.alarm(
      'CalendarsRunningOut',
      'Within a month a calendar is closed for good, and with it everything that keeps to it. Define it anew, or delete it.',
      counted(this, 'CalendarsRunningOut'),
      0,
    )
    this.alarm(
      'HeadsOverdue',
      'For a day nobody has written where the streams of the log stand. Until it is written, a cut-off end would not show.',
      counted(this, 'HeadsOverdue', { statistic: 'Minimum', period: Duration.hours(1) }),
      0,
      24,
      // Silence is what it rings for.
      TreatMissingData.BREACHING,
    )
    this.alarm(
      'Loop',
      'The reactor appends more than ten times what comes from outside: it may be answering itself.',
      // A floor of 1,000 leaves quiet hours alone, when a few ticks are all that comes from outside.
      new MathExpression({
        expression: 'FILL(reactor, 0) - 10 * FILL(external, 0)',
        usingMetrics: {
          reactor: counted(this, 'ReactorAppends'),
          external: counted(this, 'ExternalAppends'),
        },
        period,
        label: 'Appends of the reactor beyond ten times the external ones',
      }),
      1000,
      3,
    )
    new Dashboard(this, { api, functions, ended, queues, tables })
  }

  private alarm(
    id: string,
    description: string,
    metric: IMetric,
    threshold: number,
    evaluationPeriods = 1,
    treatMissingData = TreatMissingData.NOT_BREACHING,
  ): void {
    this.rings(id, description, {
      ...{ metric, threshold, evaluationPeriods },
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      treatMissingData,
    })
  }

  /** Rings when what should be counted again and again is counted no more: what does not run says nothing at all. */
  private silence(id: string, description: string, metric: IMetric, evaluationPeriods: number): void {
    this.rings(id, description, {
      ...{ metric, threshold: 1, evaluationPeriods },
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      treatMissingData: TreatMissingData.BREACHING,
    })
  }

  private rings(id: string, description: string, props: Omit<AlarmProps, 'alarmDescription'>): void {
    const alarm = new Alarm(this, id, { ...props, alarmDescription: `${description} ${runbook(id)}` })
    alarm.addAlarmAction(new SnsAction(this.topic))
  }
}

/** Returns why a function's errors are no reason to ring; undefined: they are. */
function declaredAs(name: string): Declaration | undefined {
  const declared: Readonly<Record<string, Declaration>> = declarations
  return declared[name]
}

/** Says where an alarm is explained: by the kind with which its id begins. A test holds both together. */
function runbook(id: string): string {
  const [kind = id] = id.split('-')
  return `What to do: docs/operations.md#${kind.toLowerCase()}`
}

/** Returns a count that the functions write into their logs (embedded metric format), without dimensions. */
function counted(
  scope: Construct,
  metricName: string,
  other: Pick<MetricOptions, 'statistic' | 'period'> = {},
): Metric {
  return new Metric({ namespace: namesOf(scope).metrics, metricName, statistic: 'Sum', period, ...other })
}
