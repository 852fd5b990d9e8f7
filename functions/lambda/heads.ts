import { connect, metricsNamespace, signer, streamHeads, vault } from '../connections.ts'
import { writeDailyHeads } from '../heads/write-heads.ts'

const services = connect({ streamHeads, vault, signer, metricsNamespace })

export const handler = () => writeDailyHeads(services)
