import { startRuntime } from '../../infra/local/runtime.ts'

/** Runs the runtime in a process that a test can kill; says its address and the emulator's process, once. */
const [template = '', data = ''] = process.argv.slice(2)
const { url, dynamo } = await startRuntime({ template, data })
process.send?.({ url, dynamo: dynamo.pid })
