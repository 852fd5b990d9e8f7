import { DefaultStackSynthesizer, type IStackSynthesizer, Stack } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import { AgentDomain } from './constructs/agent-domain.ts'
import { Alarms } from './constructs/alarms.ts'
import { Api } from './constructs/api.ts'
import { Assignments } from './constructs/assignments.ts'
import { Bus } from './constructs/bus.ts'
import { Catalogue } from './constructs/catalogue.ts'
import { Concurrency } from './constructs/concurrency.ts'
import { Ends } from './constructs/ends.ts'
import { Exposure } from './constructs/exposure.ts'
import { Functions } from './constructs/functions.ts'
import { Heads } from './constructs/heads.ts'
import { Identity } from './constructs/identity.ts'
import { Log } from './constructs/log.ts'
import { LogReader } from './constructs/log-reader.ts'
import { Mail } from './constructs/mail.ts'
import { machines, procedureMachineArns } from './constructs/names.ts'
import { Notices } from './constructs/notices.ts'
import { Outbound } from './constructs/outbound.ts'
import { Procedures } from './constructs/procedures.ts'
import { keepFailures } from './constructs/queue.ts'
import { RunCommand } from './constructs/run-command.ts'
import { Schedules } from './constructs/schedules.ts'
import { Views } from './constructs/views.ts'
import { Windows } from './constructs/windows.ts'
import { Work } from './constructs/work.ts'
import { Workflow } from './constructs/workflow.ts'

/** Drydock in one stack: the truth, what is derived from it, what acts on it, and the way in. */
export class DrydockStack extends Stack {
  constructor(scope: Construct, stackName: string) {
    // Its id stays what it is: logical ids are made of it.
    super(scope, 'Drydock', {
      stackName,
      description: 'Drydock: staged upgrades of fleets',
      // The CDK CLI checks the bootstrap version itself before it deploys. The cast: the library's own types do not hold under
      // exactOptionalPropertyTypes.
      synthesizer: new DefaultStackSynthesizer({ generateBootstrapVersionRule: false }) as IStackSynthesizer,
    })

    const log = new Log(this)
    const views = new Views(this, log)
    const work = new Work(this)
    const bus = new Bus(this)
    const windows = new Windows(this)
    const identity = new Identity(this)
    const exposure = new Exposure(this)
    const catalogue = new Catalogue(this)
    const outbound = new Outbound(this)
    const runCommand = new RunCommand(this)
    const mail = new Mail(this)
    const concurrency = new Concurrency(this)
    const heads = new Heads(this)
    const assignments = new Assignments(this)
    const procedures = new Procedures(this)
    const agentDomain = new AgentDomain(this)

    const api = new Api(this, identity)
    identity.comeBackTo(api.api)
    agentDomain.leadTo(api.api, api.stage)

    const functions = new Functions(this, {
      apiUrl: api.api.apiEndpoint,
      ...{ log, views, work, bus, windows },
      ...{ identity, exposure, catalogue, outbound, runCommand, mail, concurrency },
      ...{ heads, assignments, procedures, agentDomain },
    })

    api.serve(functions)
    const workflows = machines.map(
      (machine) => [machine, new Workflow(this, { machine, functions })] as const,
    )
    const procedureEnds = new Ends(this, {
      ...{ of: 'procedure', functions },
      machines: [{ prefix: procedureMachineArns(this) }],
    })
    const notices = new Notices(this, { bus, functions })
    const readers = functions.on('commit').map((reader) => {
      const { deadLetters } = new LogReader(this, { log, reader })
      return [reader.name, deadLetters] as const
    })
    const schedules = new Schedules(this, { functions })
    for (const { lambda, retries } of functions.on('opening')) {
      keepFailures(lambda, windows.deadLetters, retries)
    }

    const madeGood = {
      ...Object.fromEntries(readers),
      ...Object.fromEntries(workflows.map(([machine, { deadLetters }]) => [machine, deadLetters])),
      procedure: procedureEnds.deadLetters,
      windows: windows.deadLetters,
    }
    functions.lookAt(Object.values(madeGood))

    new Alarms(this, {
      api,
      functions,
      workflows: Object.fromEntries(workflows),
      tables: [log.table, views.table, work.table],
      // Nobody else is told what could not be told; what the clock asked for in vain it asks for again.
      queues: { ...madeGood, notices: notices.deadLetters, schedules: schedules.deadLetters },
    })
  }
}
