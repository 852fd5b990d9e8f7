import { rolloutContracts } from '../../contracts/rollouts.ts'
import { endpoint } from './http/endpoint.ts'
import { getRolloutBlastRadius } from './rollouts/blast-radius.ts'
import {
  abortRollout,
  approveRollout,
  continueRollout,
  pauseRollout,
  rejectRollout,
  resumeRollout,
  rollBackRollout,
} from './rollouts/command.ts'
import { explainRollout } from './rollouts/explain.ts'
import { forecastRollout } from './rollouts/forecast.ts'
import { getRolloutMonitor } from './rollouts/monitor.ts'
import { getRollout, getRolloutStatus, listRollouts } from './rollouts/read.ts'
import { planRollout, startRollout } from './rollouts/start.ts'
import { getRolloutEvents } from './rollouts/story.ts'
import type { ReceptionOfPeople, Services } from './services.ts'

/** Returns the handler of rollouts. */
export function rolloutsEndpoint(
  services: Services<'exposure' | 'probes' | 'uncallable'> & ReceptionOfPeople,
) {
  return endpoint(
    'rollouts',
    rolloutContracts,
    {
      startRollout,
      planRollout,
      listRollouts,
      getRollout,
      getRolloutStatus,
      getRolloutEvents,
      getRolloutMonitor,
      getRolloutBlastRadius,
      forecastRollout,
      explainRollout,
      approveRollout,
      rejectRollout,
      pauseRollout,
      resumeRollout,
      continueRollout,
      abortRollout,
      rollBackRollout,
    },
    services,
    // The reader of YAML is loaded when the first document comes that is no JSON, or is wrong.
    async (text) => (await import('./http/documents.ts')).readDocument(text),
  )
}
