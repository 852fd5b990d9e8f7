import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { AnswerOf } from '../../../contracts/bodies.ts'
import type { UpgradeInList } from '../answers.ts'
import { Card, Empty, Head, Shown } from '../parts/basic.tsx'
import { daysOfUpgrades, sumsOf } from '../pictures/series.ts'
import { useRead, useRepeated, useSigned } from '../use.ts'

/** So many pages of upgrades are looked at, the newest first. */
const pages = 10

/** How upgrades went, day by day. */
export function Analytics() {
  const { api } = useSigned()
  const queue = useRead('getQueueStats')
  const reading = useRepeated(
    async () => {
      const all: UpgradeInList[] = []
      let cursor: string | null = ''
      for (let page = 0; page < pages && cursor !== null; page++) {
        const answer: AnswerOf<'listUpgrades'> = await api.read('listUpgrades', {
          query: { limit: 100, cursor },
        })
        all.push(...answer.upgrades)
        cursor = answer.nextCursor
      }
      return all
    },
    'analytics',
    60_000,
  )
  return (
    <>
      <Head title="Analytics" />
      <Shown reading={reading}>
        {(upgrades) => {
          const { upgrades: count, attempts, successRate, rollbacks } = sumsOf(upgrades)
          const figures = [
            ['upgrades', count.toLocaleString('en')],
            ['attempts that ended', attempts.toLocaleString('en')],
            ['of attempts well', successRate === null ? '–' : `${successRate.toFixed(1)} %`],
            ['rollbacks', rollbacks.toLocaleString('en')],
            ['waiting now', queue.value?.waiting ?? '–'],
            ['active now', queue.value?.active ?? '–'],
          ] as const
          const days = daysOfUpgrades(upgrades)
          const x = days.map(({ day }) => day)
          return (
            <>
              <div class="figures">
                {figures.map(([words, value]) => (
                  <div class="figure" key={words}>
                    <b>{value}</b>
                    <span>{words}</span>
                  </div>
                ))}
              </div>
              {days.length === 0 ? (
                <Empty>
                  <h2>No upgrade has ended yet</h2>
                </Empty>
              ) : (
                <>
                  <Chart
                    title="Attempts, by the day their upgrade ended"
                    data={[x, days.map(({ succeeded }) => succeeded), days.map(({ failed }) => failed)]}
                    lines={[
                      ['done', '--good'],
                      ['failed', '--bad'],
                    ]}
                  />
                  <Chart
                    title="Attempts that went well, in percent"
                    data={[x, days.map((one) => one.successRate)]}
                    lines={[['percent', '--accent']]}
                    range={[0, 100]}
                  />
                  <Chart
                    title="From start to end of an upgrade, in minutes"
                    data={[x, days.map(({ minutes }) => minutes)]}
                    lines={[['minutes', '--odd']]}
                  />
                </>
              )}
            </>
          )
        }}
      </Shown>
    </>
  )
}

function Chart({
  title,
  data,
  lines,
  range,
}: {
  readonly title: string
  readonly data: readonly (readonly (number | null)[])[]
  readonly lines: readonly (readonly [label: string, colour: string])[]
  readonly range?: readonly [number, number]
}) {
  const place = useRef<HTMLDivElement>(null)
  const key = JSON.stringify(data)
  useEffect(() => {
    const at = place.current
    if (!at) return
    const colour = (name: string) => getComputedStyle(at).getPropertyValue(name).trim()
    // A canvas takes colours as they are computed.
    const computed = (name: string) => {
      const probe = document.createElement('i')
      probe.style.color = colour(name)
      at.append(probe)
      const value = getComputedStyle(probe).color
      probe.remove()
      return value
    }
    const axis = {
      stroke: computed('--quiet'),
      grid: { stroke: computed('--line') },
      ticks: { stroke: computed('--line') },
    }
    const chart = new uPlot(
      {
        ...{ width: at.clientWidth, height: 200 },
        legend: { live: false },
        scales: {
          y: { range: range ? [...range] : (_, _least, largest) => [0, Math.max(1, largest * 1.1)] },
        },
        axes: [axis, axis],
        series: [
          {},
          ...lines.map(([label, name]) => ({
            ...{
              label,
              stroke: computed(name),
              fill: `color-mix(in srgb, ${computed(name)} 12%, transparent)`,
              width: 2,
            },
            ...{ spanGaps: true, points: { show: true } },
          })),
        ],
      },
      data as uPlot.AlignedData, // as long as the days
      at,
    )
    const resized = new ResizeObserver(() => chart.setSize({ width: at.clientWidth, height: 200 }))
    resized.observe(at)
    return () => {
      resized.disconnect()
      chart.destroy()
    }
  }, [key])
  const said =
    (lines[0]?.[0] ?? '') +
    ': ' +
    (data[1] ?? [])
      .slice(-7)
      .map((value) => (value === null ? 'none' : Math.round(value)))
      .join(', ')
  return (
    <Card title={title}>
      <div ref={place} class="chart" role="img" aria-label={`${title}. The last days, ${said}`} />
    </Card>
  )
}
