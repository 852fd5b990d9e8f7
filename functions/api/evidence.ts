import { evidenceContracts } from '../../contracts/evidence.ts'
import { type EvidenceServices, getEvidence } from './evidence/get.ts'
import { endpoint } from './http/endpoint.ts'
import type { ReceptionOfPeople } from './services.ts'

/** Returns the handler of evidence. */
export function evidenceEndpoint(services: EvidenceServices & ReceptionOfPeople) {
  return endpoint('evidence', evidenceContracts, { getEvidence }, services)
}
