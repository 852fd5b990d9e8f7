import { targetContracts } from '../../contracts/targets.ts'
import { endpoint } from './http/endpoint.ts'
import type { ReceptionOfPeople, Services } from './services.ts'
import {
  issueEnrolment,
  patchTarget,
  pinTarget,
  retireTarget,
  setTargetLicence,
  unpinTarget,
} from './targets/change.ts'
import { explainTarget } from './targets/explain.ts'
import { getTarget, listTargets } from './targets/read.ts'
import { registerTargets } from './targets/register.ts'

/** Returns the handler of the target registry. */
export function targetsEndpoint(services: Services<'telemetry'> & ReceptionOfPeople) {
  return endpoint(
    'targets',
    targetContracts,
    {
      registerTargets,
      listTargets,
      getTarget,
      patchTarget,
      setTargetLicence,
      pinTarget,
      unpinTarget,
      retireTarget,
      issueEnrolment,
      explainTarget,
    },
    services,
  )
}
