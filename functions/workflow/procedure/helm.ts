import type { HelmRelease } from '../../../events/procedure.ts'
import type { SavedValues } from '../../../events/target.ts'
import { NoValue, type Values } from '../../domain/procedure/expression.ts'
import { renderRelease, secretsInValues } from '../../domain/procedure/template.ts'
import type { Secrets } from '../../outbound.ts'
import { Hidden, NoSecret } from './call.ts'

/** Which release of which cluster is meant, and who asks. */
interface ReleaseCall {
  readonly kubeconfig: string
  readonly namespace: string
  readonly release: string
  /** The same for each try of one step. */
  readonly key: string
  readonly seconds: number
  /** What is taken out of what helm says. */
  readonly confidential: readonly string[]
}

interface Done {
  readonly kind: 'done'
  /** The revision that was in force before, 0 for none, and the one that is now. */
  readonly before: number
  readonly revision: number
}

/** What became of a call of helm. */
export type HelmEnd =
  | Done
  /** It was begun, and is not in force. */
  | { readonly kind: 'failed'; readonly code: string; readonly why: string; readonly before?: number }
  /** Nothing was begun. */
  | { readonly kind: 'not-sent'; readonly why: string }
  /** It can never be done so. */
  | { readonly kind: 'refused'; readonly code: string; readonly why: string }
  | { readonly kind: 'unknown'; readonly why: string }

/** Helm, whose own history knows which calls came to what. */
export interface Helm {
  upgrade(
    call: ReleaseCall & {
      readonly chart: {
        readonly repository: string
        readonly name: string
        readonly version: string
        /** JSON. */
        readonly values: string
      }
    },
  ): Promise<HelmEnd>
  /** Takes a release back to what was in force before the call of a key; `before` is its revision, where somebody has kept it. */
  takeBack(
    call: ReleaseCall & { readonly of: { readonly key: string; readonly before: number | undefined } },
  ): Promise<HelmEnd>
  look(
    call: ReleaseCall,
  ): Promise<Done | { readonly kind: 'not-done' } | { readonly kind: 'unknown'; readonly why: string }>
}

/** One step of helm, with all that it reads. */
export interface HelmStep {
  readonly helm: HelmRelease
  readonly values: Partial<Values>
  readonly key: string
}

interface Serving {
  readonly helm: Helm
  readonly secrets: Secrets
}

/** What a step keeps of a release, so that a later attempt can take it back. */
export function savedOf(
  { before, revision }: { before?: number; revision?: number },
  key: string,
): SavedValues {
  return { ...(before !== undefined && { before }), ...(revision !== undefined && { revision }), call: key }
}

/** Returns what a step kept by `savedOf` says of what is taken back; undefined: it kept nothing. */
export function keptIn(saved: SavedValues | undefined) {
  const { before, call } = saved ?? {}
  return typeof before === 'number' && typeof call === 'string' ? { key: call, before } : undefined
}

type Rendered = ReturnType<typeof renderRelease>

async function asking<Result>(
  { secrets }: Serving,
  { helm, values, key }: HelmStep,
  ask: (call: ReleaseCall, rendered: Rendered) => Promise<Result>,
): Promise<Result | Extract<HelmEnd, { kind: 'refused' }>> {
  const refused = (code: string, why: string) => ({ kind: 'refused', code, why }) as const
  try {
    const hidden = await Hidden.of(secrets, secretsInValues(helm))
    const rendered = renderRelease(helm, values, hidden.secretOf)
    const { namespace, release, seconds } = rendered
    const { values: kubeconfigs } = await Hidden.of(secrets, [rendered.kubeconfig])
    const kubeconfig = kubeconfigs.get(rendered.kubeconfig) ?? ''
    const confidential = [...hidden.values.values()]
    return await ask({ ...{ kubeconfig, namespace, release, key, seconds, confidential } }, rendered)
  } catch (error) {
    if (error instanceof NoValue) return refused('NO_VALUE', error.message)
    if (error instanceof NoSecret) return refused('SECRET_UNAVAILABLE', error.message)
    throw error
  }
}

/** Takes a release to its chart and says what it came to. */
export function upgradeRelease(serving: Serving, step: HelmStep): Promise<HelmEnd> {
  return asking(serving, step, (call, { chart }) => {
    if (!chart) throw new RangeError('The step names no chart.')
    return serving.helm.upgrade({ ...call, chart })
  })
}

/** Takes a release back to what was in force before a step. */
export function takeReleaseBack(
  serving: Serving,
  step: HelmStep,
  of: { readonly key: string; readonly before: number | undefined },
): Promise<HelmEnd> {
  return asking(serving, step, (call) => serving.helm.takeBack({ ...call, of }))
}

/** Looks what became of a step. */
export async function lookAtRelease(serving: Serving, step: HelmStep): ReturnType<Helm['look']> {
  const looked = await asking(serving, step, (call) => serving.helm.look(call))
  return looked.kind === 'refused' ? { kind: 'unknown', why: looked.why } : looked
}
