import { useEffect, useState } from 'preact/hooks'
import { type Described, groupsOf } from '../pictures/description.ts'

export function Reference() {
  const [described, setDescribed] = useState<readonly Described[]>([])
  useEffect(() => {
    void fetch('/openapi.json').then(async (answer) =>
      setDescribed(groupsOf(await answer.json()).flatMap(({ operations }) => operations)),
    )
  }, [])
  return (
    <main id="content">
      <h1>Reference</h1>
      {described.map((one) => (
        <p key={one.id}>
          <code>
            {one.method} {one.path}
          </code>{' '}
          {one.summary}
        </p>
      ))}
    </main>
  )
}
