import { startRuntime } from '../../infra/local/runtime.ts'
import { synthesize } from '../../infra/local/synthesis.ts'
import type { RunningRuntime } from './setup.ts'

/** Synthesizes and runs Drydock in a process of its own until its parent goes; tells where everything is, once. */
const [data = '', speed = '1'] = process.argv.slice(2)
// A promise that a function let go of must not end the others, as it would not in Lambda.
process.on('unhandledRejection', (error) =>
  console.error('A function left a rejected promise behind:', error),
)
const template = await synthesize(data)
const runtime = await startRuntime({ template, data, speed: Number(speed) })
const { LOG_TABLE: logTable = '', UPGRADE_MACHINE_ARN: machineArn = '' } = process.env
const { url, endpoints } = runtime
const running: RunningRuntime = { url, endpoints, data, template, logTable, machineArn }
process.send?.(running)
process.once('disconnect', () => {
  void runtime.stop().finally(() => process.exit(0))
})
