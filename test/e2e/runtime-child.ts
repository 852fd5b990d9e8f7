import { startRuntime } from '../../infra/local/runtime.ts'
import { synthesize } from '../../infra/local/synthesis.ts'
import { freePort } from '../local/free-port.ts'
import type { RunningRuntime } from './setup.ts'

/**
 * Runs Drydock in a process of its own until its parent goes, from a template that is there or that is synthesized first. Tells where
 * everything is, once; then moves the clock to every instant that it is sent, and answers with the clock's instant when it has settled.
 */
const [data = '', speed = '1', given, port = '0'] = process.argv.slice(2)
const template = given ?? (await synthesize(data))
const outboundPort = await freePort()
const runtime = await startRuntime({
  ...{ template, data, speed: Number(speed), port: Number(port) },
  parameters: {
    OutboundHosts: `http://127.0.0.1:${outboundPort}`,
    UnsignedReleases: 'allowed',
    RunCommands:
      'arn:aws:ssm:eu-central-1::document/AWS-RunShellScript,arn:aws:ec2:eu-central-1:000000000000:instance/*',
  },
  nodes: ({ instance }) => ({ seconds: 5, details: 'Success', output: `done by ${instance}` }),
})
const { LOG_TABLE: logTable = '', UPGRADE_MACHINE_ARN: machineArn = '' } = runtime.variables
const { url, endpoints, administrator } = runtime
const running: RunningRuntime = {
  ...{ url, endpoints, administrator, data, template, logTable, machineArn, outboundPort },
}
process.send?.(running)
process.on('message', (instant: number) => {
  void runtime.moveTo(instant).then(() => process.send?.(runtime.clock.now()))
})
process.once('disconnect', () => {
  void runtime.stop().finally(() => process.exit(0))
})
