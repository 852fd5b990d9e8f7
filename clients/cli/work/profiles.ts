import { exitCodes } from '../exit-codes.ts'
import type { Work } from '../session.ts'
import { toMinute } from '../terminal/text.ts'
import { objectOf } from './files.ts'
import { sayList, sayOne } from './listing.ts'
import { pages } from './pages.ts'

/** Lists profiles. */
export const list: Work = async (session, given) => {
  const rows = await pages(given.limit(), async (page) => {
    const query = { ...page, status: given.text('status'), resource_type: given.text('type') }
    const { profiles, next_cursor } = await session.api.read('getUpgradeProfiles', { query })
    return { rows: profiles, nextCursor: next_cursor }
  })
  return sayList(session, {
    name: 'profiles',
    rows,
    columns: {
      id: (row) => row.id,
      name: (row) => row.name,
      status: (row) => row.status,
      next: (row) => toMinute(row.next_execution),
      targets: (row) => row.affected_resources,
    },
  })
}

/** Shows a profile, with its next and its last windows. */
export const show: Work = async (session, given) => {
  const { api, console, json } = session
  const profile = await api.read('getUpgradeProfile', { params: { id: given.word(0) } })
  const { name, status, schedule, affected_resources, upgrade_settings, recent_windows, description } =
    profile
  sayOne(session, profile, `${name}: ${status}`, {
    description,
    when: schedule.human_readable,
    next: schedule.next_runs.slice(0, 3).join(', '),
    'to version': upgrade_settings.target_version,
    targets: affected_resources,
  })
  if (json || recent_windows.length === 0) return exitCodes.done
  console.say('Its last windows:', 'quiet')
  return sayList(session, {
    name: 'windows',
    rows: recent_windows,
    columns: {
      at: (row) => toMinute(row.scheduled_at),
      result: (row) => row.result,
      why: (row) => row.detail,
      execution: (row) => row.execution_id,
    },
  })
}

/** Creates a profile from a file. */
export const create: Work = async (session, given) => {
  const created = await session.api.read('createUpgradeProfile', {
    body: await objectOf(given.word(0), session),
  })
  return sayOne(session, created, `${created.name}: ${created.status}`, {
    id: created.id,
    next: created.validation_results.cron_next_runs.slice(0, 3).join(', '),
    targets: created.affected_resources,
  })
}

/** Changes what a file names of a profile. */
export const update: Work = async (session, given) => {
  const asked = { params: { id: given.word(0) }, body: await objectOf(given.word(1), session) }
  const updated = await session.api.read('updateUpgradeProfile', asked)
  return sayOne(session, updated, `${updated.id}: updated`, {
    changed: updated.changes_applied.join(', '),
    next: updated.next_execution,
    warnings: updated.validation_warnings.join(' '),
  })
}

/** Deletes a profile; its history stays. */
export const remove: Work = async (session, given) => {
  const query = { force: given.choice('force') }
  const deleted = await session.api.read('deleteUpgradeProfile', { params: { id: given.word(0) }, query })
  return sayOne(session, deleted, `${deleted.id}: deleted`, {
    cancelled: deleted.pending_executions_cancelled,
    done: deleted.cleanup_tasks.join(', '),
  })
}

/** Starts an upgrade of a profile now. */
export const run: Work = async (session, given) => {
  const asked = { params: { id: given.word(0) }, body: { reason: given.text('reason') ?? '' } }
  const started = await session.api.read('startProfileExecution', asked)
  sayOne(session, started, `${started.profile_id}: ${started.status}`, { execution: started.execution_id })
  if (!session.json) session.console.say(`Next: drydock watch ${started.execution_id}`, 'quiet')
  return exitCodes.done
}

/** Lists what a profile has done. */
export const history: Work = async (session, given) => {
  const query = {
    limit: given.limit(),
    status: given.text('status'),
    start_date: given.text('from'),
    end_date: given.text('to'),
  }
  const { executions, ...more } = await session.api.read('getUpgradeHistory', {
    params: { id: given.word(0) },
    query,
  })
  if (session.json) {
    session.console.json({ ...more, executions })
    return exitCodes.done
  }
  return sayList(session, {
    name: 'executions',
    rows: executions,
    columns: {
      execution: (row) => row.execution_id,
      began: (row) => toMinute(row.started_at),
      status: (row) => row.status,
      version: (row) => row.target_version,
      done: (row) => `${row.resources_successful}/${row.resources_targeted}`,
      failed: (row) => row.resources_failed,
    },
  })
}
