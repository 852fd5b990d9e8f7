import { useEffect, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'
import { Scrolling } from '../parts/scrolling.tsx'
import 'uplot/dist/uPlot.min.css'
import type { AnswerOf } from '../../../contracts/bodies.ts'
import { Card, Empty, Head, Shown } from '../parts/basic.tsx'
import { daysOfAttempts } from '../pictures/series.ts'
import { useRead } from '../use.ts'
import { counted, dayAndMonth, lasting } from '../words.ts'

const everyMinute = 60_000

/** By what attempts are told apart, in words. */
const groupings = [
  ['release', 'Release'],
  ['component', 'Component'],
  ['channel', 'Channel'],
  ['region', 'Region'],
] as const
type Grouping = (typeof groupings)[number][0]

/** How attempts ended in the last thirty days, and how long they took. */
export function Analytics() {
  const queue = useRead('getQueueStats')
  const reading = useRead('getAnalytics', { query: { by: 'day' } }, everyMinute)
  return (
    <>
      <Head title="Analytics" beside={<span class="quiet">the last thirty days</span>} />
      <Shown reading={reading}>
        {(read) => {
          const { attempts, successRate, rollbacks, rollbackRate, times } = read.total
          const figures = [
            [attempts === 1 ? 'attempt ended' : 'attempts ended', attempts.toLocaleString('en')],
            ['of them went well', percents(successRate)],
            [rollbacks === 1 ? 'rollback' : 'rollbacks', rollbacks.toLocaleString('en')],
            ['of them taken back', percents(rollbackRate)],
            ['an attempt, on average', spent(times.work.meanSeconds)],
            ['95 of 100 at most', spent(times.work.p95Seconds)],
            ['waiting now', queue.value?.waiting ?? '–'],
            ['active now', queue.value?.active ?? '–'],
          ] as const
          const days = daysOfAttempts(read)
          const x = days.map(({ day }) => day)
          return (
            <>
              <div class="figures eight">
                {figures.map(([words, value]) => (
                  <div class="figure" key={words}>
                    <b>{value}</b>
                    <span>{words}</span>
                  </div>
                ))}
              </div>
              <p class="hint">
                A try on a target counts once it has ended, and another try as another. What an agent rejected
                counts as failed. Who was left out, put off, withdrawn or cancelled is not counted, and
                neither is a rollback as an attempt.
              </p>
              {days.length === 0 ? (
                <Empty>
                  <h2>No attempt has ended in thirty days</h2>
                  <p>They are counted at the latest when their wave is over.</p>
                </Empty>
              ) : (
                <>
                  <div class="charts">
                    <Chart
                      title="Attempts, by the day they ended"
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
                      title="Length of an attempt, in minutes"
                      data={[x, days.map(({ mean }) => mean), days.map(({ p95 }) => p95)]}
                      lines={[
                        ['on average', '--odd'],
                        ['95 of 100 at most', '--accent'],
                      ]}
                    />
                  </div>
                  <Groups />
                </>
              )}
            </>
          )
        }}
      </Shown>
    </>
  )
}

const percents = (rate: number | null) => (rate === null ? '–' : `${rate.toFixed(1)} %`)
const spent = (seconds: number | null) => (seconds === null ? '–' : lasting(seconds))

/** The same attempts told apart by what the reader chooses. */
function Groups() {
  const [by, setBy] = useState<Grouping>('release')
  const reading = useRead('getAnalytics', { query: { by } }, everyMinute)
  const words = groupings.find(([one]) => one === by)?.[1] ?? ''
  return (
    <Card
      title="Told apart"
      beside={
        <label class="inline">
          <span>By</span>
          <select
            value={by}
            onChange={(event) =>
              setBy(groupings.find(([one]) => one === event.currentTarget.value)?.[0] ?? 'release')
            }
          >
            {groupings.map(([one, name]) => (
              <option key={one} value={one}>
                {name}
              </option>
            ))}
          </select>
        </label>
      }
    >
      <Shown reading={reading}>{(read) => <Table of={read} words={words} />}</Shown>
    </Card>
  )
}

function Table({ of, words }: { readonly of: AnswerOf<'getAnalytics'>; readonly words: string }) {
  return (
    <Scrolling name="scroll" label="Attempts told apart">
      <table>
        <thead>
          <tr>
            <th>{words}</th>
            <th class="number">Attempts</th>
            <th class="number">Well</th>
            <th class="number">Rollbacks</th>
            <th class="number">On average</th>
            <th class="number">95 of 100</th>
            <th>Most common failure</th>
          </tr>
        </thead>
        <tbody>
          {of.groups.map(({ key, attempts, successRate, rollbacks, times, mostCommonFailure }) => (
            <tr key={key}>
              <td>{key ?? 'none'}</td>
              <td class="number">{attempts.toLocaleString('en')}</td>
              <td class="number">{percents(successRate)}</td>
              <td class="number">{rollbacks.toLocaleString('en')}</td>
              <td class="number">{spent(times.work.meanSeconds)}</td>
              <td class="number">{spent(times.work.p95Seconds)}</td>
              <td>
                {mostCommonFailure === null
                  ? '–'
                  : `${mostCommonFailure.code}, ${counted(mostCommonFailure.count, 'time')}`}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {of.groupsLeftOut > 0 && <p class="quiet">{of.groupsLeftOut} more are not shown.</p>}
    </Scrolling>
  )
}

/** The days below a chart, as everywhere else. */
const dayWords = (_: uPlot, days: readonly number[]) => days.map((day) => dayAndMonth(day * 1000))

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
        axes: [{ ...axis, values: dayWords, space: 60 }, axis],
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
