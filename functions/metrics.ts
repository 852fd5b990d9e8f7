// Every stack of an account has a namespace of its own: its alarms must not ring for another.
let namespace = 'Drydock'

/** Says in which namespace of CloudWatch this process counts: once, when the function is loaded. */
export function countIn(name: string): void {
  namespace = name
}

/**
 * Writes metrics to the function's output in CloudWatch's embedded metric format (AWS), beside words that help whoever looks at them.
 * Past the console, which the runtime wraps into lines of its own form. `by`: of which of the metrics there are sums apart, by one of the words; each value
 * of it is a metric of its own, which is charged for.
 */
export function emitMetrics(
  at: number,
  metrics: Readonly<Record<string, number>>,
  words: Readonly<Record<string, string | undefined>> = {},
  by?: { readonly word: string; readonly metrics: readonly string[] },
): void {
  const directive = (names: readonly string[], dimensions: readonly string[]) => ({
    ...{ Namespace: namespace, Dimensions: [dimensions], Metrics: names.map((Name) => ({ Name })) },
  })
  const CloudWatchMetrics = [
    directive(Object.keys(metrics), []),
    ...(by ? [directive(by.metrics, [by.word])] : []),
  ]
  process.stdout.write(
    `${JSON.stringify({ _aws: { Timestamp: at, CloudWatchMetrics }, ...metrics, ...words })}\n`,
  )
}
