import type { ComponentChildren } from 'preact'

/** What scrolls by itself: it is reached by keys as well. */
export function Scrolling({
  name,
  label,
  children,
  scrolled,
}: {
  readonly name: string
  readonly label: string
  readonly children: ComponentChildren
  scrolled?(top: number): void
}) {
  const more = { tabIndex: 0 }
  return (
    <section
      {...more}
      class={name}
      aria-label={label}
      onScroll={(event) => scrolled?.(event.currentTarget.scrollTop)}
    >
      {children}
    </section>
  )
}
