import { Aws, CfnCondition, CfnParameter, Duration, Fn, Token } from 'aws-cdk-lib'
import { Construct } from 'constructs'

/** So long are the answers kept of the function that admits agents: it is asked for each of them once in that time. */
export const admittedFor = Duration.hours(1)

/**
 * What a function may do at once, at least and at most, out of what the account has. Reserved units serve nobody else, so a flood on one
 * way in takes nothing from what moves upgrades, and none of it takes what other stacks need. Two stacks fit into the 1,000 units of an
 * ordinary account, of which AWS keeps 100 unreserved; a test adds them up.
 */
const shares = {
  // The stream of a new table has four shards; each is read in ten lanes.
  ProjectorConcurrency: { units: 40, of: 'the function that folds commits into views' },
  // And in two by the reactor.
  ReactorConcurrency: { units: 10, of: 'the function that does what follows from a commit' },
  // One run a minute, each of at most a minute, with room for late and repeated ones; and 100 public events a second, of 50 ms.
  ClockConcurrency: { units: 5, of: 'ticker, reconcile, heads and notify, each' },
  // One run a minute, of at most a minute: one that is late takes the place of the next.
  MonitorConcurrency: { units: 1, of: 'the functions that look at domains and that measure, each' },
  // What is refused is tried again, by Step Functions for minutes and by the Scheduler for hours.
  TaskConcurrency: {
    units: 8,
    of: 'each function that state machines, ended executions and windows call',
  },
  // The stage admits 2,000 requests a second: of 50 ms each, these are 100 at once.
  AgentConcurrency: { units: 100, of: 'the function that agents call' },
  // Its answers are kept (admittedFor): of 100,000 agents it is asked 28 times a second. Where none is kept yet, and they poll every minute, 1,700
  // times, of 20 ms each.
  AuthorizerConcurrency: { units: 35, of: 'the function that admits agents' },
  // A look waits for the other side, up to 30 seconds: a thousand nodes looked at every five seconds, of 300 ms each, are 60 at once.
  StepConcurrency: { units: 60, of: 'the function that does the steps of procedures' },
  // Calls last for minutes; who is turned away waits for its turn.
  HelmConcurrency: { units: 10, of: 'the function that runs helm' },
  // Parts of a pack are made one after the other anyway; who is turned away asks again.
  EvidenceConcurrency: { units: 1, of: 'the function that makes evidence' },
  // Files that browsers keep, and a description: a few milliseconds each.
  PublicConcurrency: { units: 6, of: 'each of the three functions that anybody may call' },
  RequestConcurrency: { units: 10, of: 'each of the eight functions that people and tooling call' },
  // One person's program asks for one thing after the other.
  McpConcurrency: { units: 5, of: 'the function that answers over MCP' },
} as const

/** One of the shares that functions have of an account's concurrency. */
export type Share = keyof typeof shares

/** How much each function keeps for itself, as parameters, which an account with a low limit can switch off together. */
export class Concurrency extends Construct {
  private readonly parameters: Readonly<Record<Share, CfnParameter>>
  private readonly reserves: CfnCondition

  constructor(scope: Construct) {
    super(scope, 'Concurrency')
    const reserved = new CfnParameter(this, 'ReservedConcurrency', {
      type: 'String',
      description:
        'Whether functions keep concurrency of the account for themselves: "none" where the account allows less than 1,000 at once, as new ones do',
      default: 'reserved',
      allowedValues: ['reserved', 'none'],
    })
    reserved.overrideLogicalId('ReservedConcurrency')
    this.reserves = new CfnCondition(this, 'Reserves', {
      expression: Fn.conditionEquals(reserved.valueAsString, 'reserved'),
    })
    this.reserves.overrideLogicalId('ReservesConcurrency')
    const made = Object.entries(shares).map(([name, { units, of }]) => {
      const parameter = new CfnParameter(this, name, {
        type: 'Number',
        description: `How many may run at once, and always can: ${of}`,
        default: String(units),
        minValue: 1,
      })
      parameter.overrideLogicalId(name)
      return [name, parameter] as const
    })
    this.parameters = Object.fromEntries(made) as Record<Share, CfnParameter> // one for each share
  }

  /** Returns the units of a share, or nothing where the account reserves none. */
  of(share: Share): number {
    const units = Fn.conditionIf(this.reserves.logicalId, this.parameters[share].value, Aws.NO_VALUE)
    return Token.asNumber(units)
  }
}
