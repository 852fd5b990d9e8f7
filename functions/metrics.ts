// Every stack of an account has a namespace of its own: its alarms must not ring for another.
let namespace = 'Drydock'

/** Says in which namespace of CloudWatch this process counts: once, when the function is loaded. */
export function countIn(name: string): void {
  namespace = name
}

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
  const CloudWatchMetrics = [{ Namespace: namespace, Dimensions: [[]], Metrics }]
  process.stdout.write(
    `${JSON.stringify({ _aws: { Timestamp: at, CloudWatchMetrics }, ...metrics, ...words })}\n`,
  )
}
