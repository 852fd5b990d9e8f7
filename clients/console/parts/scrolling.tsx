import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

/** What scrolls by itself: it is reached by keys as well. */
export function Scrolling({
  name,
  label,
  children,
  scrolled,
  present,
}: {
  readonly name: string
  readonly label: string
  readonly children: ComponentChildren
  scrolled?(top: number): void
  /** What it is about now, whose element has the class `present`: where that changes, it is scrolled into sight, from side to side. */
  readonly present?: string | undefined
}) {
  const more = { tabIndex: 0 }
  const place = useRef<HTMLElement>(null)
  useEffect(() => {
    const [within, shown] = [place.current, place.current?.querySelector('.present:not(.line)')]
    if (!within || !shown || present === undefined) return
    const [outer, inner] = [within.getBoundingClientRect(), shown.getBoundingClientRect()]
    within.scrollLeft += inner.left - outer.left - Math.max(0, (outer.width - inner.width) / 2)
  }, [present])
  return (
    <section
      {...more}
      ref={place}
      class={name}
      aria-label={label}
      onScroll={(event) => scrolled?.(event.currentTarget.scrollTop)}
    >
      {children}
    </section>
  )
}
