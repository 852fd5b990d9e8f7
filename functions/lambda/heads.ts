import { connect, signer, streamHeads, vault } from '../connections.ts'
import { writeDailyHeads } from '../heads/write-heads.ts'

const services = connect({ streamHeads, vault, signer })

export const handler = () => writeDailyHeads(services)
