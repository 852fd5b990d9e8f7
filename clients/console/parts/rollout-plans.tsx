import type { Told } from '../answers.ts'
import { phasePlansOf } from '../pictures/phases.ts'
import { LeftOut } from './left-out.tsx'
import { ReleaseNotice } from './release-standing.tsx'

/** Whom the plans of a rollout leave out, phase by phase, and which of its releases are not in service. */
export function RolloutPlans({ story }: { readonly story: readonly Told[] }) {
  const plans = phasePlansOf(story)
  const releases = new Map(plans.map((plan) => [`${plan.component} ${plan.version}`, plan]))
  const leaving = plans.filter(({ leftOut }) => Object.keys(leftOut).length > 0)
  if (plans.length === 0) return null
  return (
    <>
      {[...releases].map(([key, { component, version, digest }]) => (
        <ReleaseNotice key={key} {...{ component, version, digest }} />
      ))}
      <h3>Left out by the plans</h3>
      {leaving.length === 0 && <LeftOut counts={{}} />}
      {leaving.map(({ name, leftOut }) => (
        <div key={name}>
          <p class="quiet">{name}</p>
          <LeftOut counts={leftOut} />
        </div>
      ))}
    </>
  )
}
