/**
 * Writes metrics to the function's output in CloudWatch's embedded metric format (AWS), beside words that help whoever looks at them.
 * Past the console, which the runtime wraps into lines of its own form.
 */
export function emitMetrics(
  at: number,
  metrics: Readonly<Record<string, number>>,
  words: Readonly<Record<string, string | undefined>> = {},
): void {
  const Metrics = Object.keys(metrics).map((Name) => ({ Name }))
  const CloudWatchMetrics = [{ Namespace: 'Drydock', Dimensions: [[]], Metrics }]
  process.stdout.write(
    `${JSON.stringify({ _aws: { Timestamp: at, CloudWatchMetrics }, ...metrics, ...words })}\n`,
  )
}
