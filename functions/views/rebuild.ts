import { movePointer, readPointer } from './pointer.ts'
import { type Reconciled, type ReconcileReport, reconcile } from './reconcile.ts'

export interface RebuildReport extends ReconcileReport {
  /** The version that is read from now on. */
  readonly version: string
}

/** The new version does not agree with the log; the pointer was left where it was. */
export class RebuildFailed extends Error {
  override readonly name = 'RebuildFailed'
  readonly report: ReconcileReport
  constructor(report: ReconcileReport) {
    super(
      `${report.drift} rows of the new version drift (${report.drifted.join(', ')}); the old one is still read.`,
    )
    this.report = report
  }
}

/**
 * Builds all views anew, into an empty version beside the one that is read, and then reads that one. While it is being built projectors
 * feed both; one that was broken off is taken up again by the next. Throws PointerMoved when two run at once.
 */
export async function rebuild(reached: Reconciled): Promise<RebuildReport> {
  const { store } = reached
  let pointer = await readPointer(store)
  const version = pointer.building ?? nextVersion(pointer.version)
  if (pointer.building === null)
    pointer = await movePointer(store, pointer, { version: pointer.version, building: version })
  const report = await reconcile(reached, { version })
  if (report.drift > 0) throw new RebuildFailed(report)
  await movePointer(store, pointer, { version, building: null })
  // A stream that began while the Catalogue lagged, before projectors knew of the new version, is found now.
  const late = await reconcile(reached, { version })
  return {
    version,
    streams: late.streams,
    healed: report.healed + late.healed,
    drift: late.drift,
    drifted: late.drifted,
    parked: late.parked,
  }
}

function nextVersion(version: string): string {
  return `v${Number(version.slice(1)) + 1}`
}
