import type { ComponentChildren } from 'preact'
import type { Box as Place } from '../pictures/graph.ts'

/** The picture that graphs are drawn into, with what it shows in words. */
export function Picture({
  width,
  height,
  label,
  children,
}: {
  readonly width: number
  readonly height: number
  readonly label: string
  readonly children: ComponentChildren
}) {
  return (
    <svg
      class="graph"
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
      role="img"
      aria-label={label}
    >
      {children}
    </svg>
  )
}

const lineHeight = 16

/** A box with its lines, of which those after the name are smaller. */
export function Box({
  at: { x, y, width, height },
  lines,
  more = [],
  round = 7,
}: {
  readonly at: Place
  readonly lines: readonly string[]
  readonly more?: readonly string[]
  readonly round?: number
}) {
  const top = y + height / 2 - ((lines.length + more.length - 1) * lineHeight) / 2
  return (
    <>
      <rect x={x} y={y} width={width} height={height} rx={round} />
      {[...lines, ...more].map((line, number) => (
        <text
          key={`${number} ${line}`}
          class={number < lines.length ? '' : 'more'}
          x={x + width / 2}
          y={top + number * lineHeight}
        >
          {line}
        </text>
      ))}
    </>
  )
}

/** What a line of a graph is, with its tip. */
export function Line({ d, tip, kind }: { readonly d: string; readonly tip: string; readonly kind: string }) {
  return (
    <g class={`line ${kind}`}>
      <path class="edge" d={d} />
      <path class="tip" d={tip} />
    </g>
  )
}

/** What the colours of a graph mean. */
export function Colours({ of }: { readonly of: readonly (readonly [tone: string, words: string])[] }) {
  return (
    <ul class="legend" aria-hidden="true">
      {of.map(([tone, words]) => (
        <li key={words}>
          <i class={`swatch tone ${tone}`} />
          {words}
        </li>
      ))}
    </ul>
  )
}
