/** Coefficients of Lanczos' approximation for g = 7 and nine terms: 15 digits of the gamma function. */
const lanczosFirst = 0.9999999999998099
const lanczosOthers = [
  676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905,
  -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
]

/** The natural logarithm of the gamma function, of what is at least a half. */
function logGamma(x: number): number {
  const from = x - 1
  const sum = lanczosOthers.reduce(
    (total, coefficient, place) => total + coefficient / (from + place + 1),
    lanczosFirst,
  )
  const shifted = from + 7.5
  return 0.5 * Math.log(2 * Math.PI) + (from + 0.5) * Math.log(shifted) - shifted + Math.log(sum)
}

const termsAtMost = 100_000
const exactEnough = 1e-14
const tiny = 1e-300

/** The continued fraction of the incomplete beta function, by Lentz' way (DLMF 8.17.22). It converges for x below (a + 1) / (a + b + 2). */
function betaFraction(x: number, a: number, b: number): number {
  const away = (value: number) => (Math.abs(value) < tiny ? tiny : value)
  let c = 1
  let d = 1 / away(1 - ((a + b) * x) / (a + 1))
  let fraction = d
  for (let m = 1; m <= termsAtMost; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / away(1 + even * d)
    c = away(1 + even / c)
    fraction *= d * c
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / away(1 + odd * d)
    c = away(1 + odd / c)
    const change = d * c
    fraction *= change
    if (Math.abs(change - 1) < exactEnough) break
  }
  return fraction
}

/** The regularised incomplete beta function, for x from 0 to 1. */
function betaRatio(x: number, a: number, b: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x))
  if (x < (a + 1) / (a + b + 2)) return (front * betaFraction(x, a, b)) / a
  return 1 - (front * betaFraction(1 - x, b, a)) / b
}

/** Returns how probable it is that of `trials` at most `failures` fail, where each fails with a probability of `rate`, from 0 to 1. */
export function atMostFail(failures: number, trials: number, rate: number): number {
  if (failures < 0) return 0
  return failures >= trials ? 1 : betaRatio(1 - rate, trials - failures, failures + 1)
}

/** Halvings of 0 to 1 after which nothing changes any more. */
const halvings = 60

/** Returns the rate, from 0 to 1, from which on a condition that holds of small rates holds no more. */
export function rateWhere(holds: (rate: number) => boolean): number {
  let [low, high] = [0, 1]
  for (let times = 0; times < halvings; times++) {
    const middle = (low + high) / 2
    if (holds(middle)) low = middle
    else high = middle
  }
  return high
}
