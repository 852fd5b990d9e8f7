import { procedureContracts } from '../../contracts/procedures.ts'
import { endpoint } from './http/endpoint.ts'
import { answerCallback } from './procedures/callback.ts'
import { getProcedure, listProcedures, storeProcedure } from './procedures/procedures.ts'
import { acknowledgeStep, settleStep } from './procedures/settle.ts'
import { getSteps } from './procedures/steps.ts'
import { tryProcedure } from './procedures/try.ts'
import type { ReceptionOfPeople, Services } from './services.ts'

/** Returns the handler of procedures and their steps. */
export function proceduresEndpoint(services: Services<'callbacks'> & ReceptionOfPeople) {
  return endpoint(
    'procedures',
    procedureContracts,
    {
      storeProcedure,
      listProcedures,
      getProcedure,
      tryProcedure,
      getSteps,
      acknowledgeStep,
      settleStep,
      answerCallback,
    },
    services,
    // The reader of YAML is loaded when the first document comes that is no JSON, or is wrong.
    async (text) => (await import('./http/documents.ts')).readDocument(text),
  )
}
