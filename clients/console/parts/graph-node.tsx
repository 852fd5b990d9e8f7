import type { ComponentChildren } from 'preact'
import { box } from '../pictures/graph.ts'

const longestName = 25

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

/** A box with a name, as much of it as there is room for. */
export function Box({
  name,
  x,
  y,
  round = 7,
}: {
  readonly name: string
  readonly x: number
  readonly y: number
  readonly round?: number
}) {
  return (
    <>
      <rect x={x} y={y} width={box.width} height={box.height} rx={round} />
      <text x={x + box.width / 2} y={y + box.height / 2}>
        {name.length > longestName ? `${name.slice(0, longestName - 1)}…` : name}
      </text>
    </>
  )
}
