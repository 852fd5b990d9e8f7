import { connect, log, unsignedReleases, views } from '../connections.ts'
import { noteUnsignedReleases } from '../reactor/upgrades/judge-unsigned.ts'
import { tickDue } from '../reactor/upgrades/tick.ts'

const services = connect({ log, views, unsignedReleases })

export async function handler(): Promise<{ ticked: number }> {
  try {
    return await tickDue(services)
  } finally {
    // What one upgrade suffers from keeps nobody from hearing what the deployment says.
    await noteUnsignedReleases(services)
  }
}
