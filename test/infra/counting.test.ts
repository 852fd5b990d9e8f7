import { afterEach, expect, test, vi } from 'vitest'
import { connect, metricsNamespace } from '../../functions/connections.ts'
import { emitMetrics } from '../../functions/metrics.ts'

afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

/** Returns the namespace in which something is counted. */
function countedIn(): unknown {
  const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  emitMetrics(0, { Anything: 1 })
  return JSON.parse(String(written.mock.calls.at(-1)?.[0]))._aws.CloudWatchMetrics[0].Namespace
}

test('a function that connects counts where its stack says', () => {
  vi.stubEnv('METRICS_NAMESPACE', 'Drydock-Trial')
  connect({ metricsNamespace })
  expect(countedIn()).toBe('Drydock-Trial')
})
