// ln, exp and the quantile of the normal distribution from additions, multiplications, divisions
// and square roots alone. Math.log and Math.exp may differ in the last bit between engines and
// processors, and a result of the lab must have the same bytes everywhere.

const view = new DataView(new ArrayBuffer(8));
/** ln 2 in two parts: the first has zeros at its end, so that a small multiple of it is exact. */
const ln2High = 0.6931471803691238;
const ln2Low = 1.9082149292705877e-10;

/** 2^n for a whole n from -1022 to 1023. */
export function powerOfTwo(n: number): number {
  view.setUint32(0, (n + 1023) << 20);
  view.setUint32(4, 0);
  return view.getFloat64(0);
}

/** The natural logarithm of a normal number above 0, to 1e-15 of its value. */
export function ln(x: number): number {
  view.setFloat64(0, x);
  const high = view.getUint32(0);
  let exponent = (high >>> 20) - 1023;
  view.setUint32(0, (high & 0xfffff) | 0x3ff00000);
  let mantissa = view.getFloat64(0);
  if (mantissa > Math.SQRT2) {
    mantissa /= 2;
    exponent += 1;
  }
  // ln m = 2 atanh s; |s| is at most 0.172, so 12 terms are enough.
  const s = (mantissa - 1) / (mantissa + 1);
  const square = s * s;
  let sum = 0;
  for (let term = 23; term >= 3; term -= 2) sum = (sum + 1 / term) * square;
  return exponent * ln2High + (2 * s + (2 * s * sum + exponent * ln2Low));
}

/** e^x, to 1e-15 of its value for |x| up to 700; beyond that Infinity and 0. */
export function exp(x: number): number {
  if (x > 700) return Number.POSITIVE_INFINITY;
  if (x < -700) return 0;
  const n = Math.round(x / Math.LN2);
  const rest = x - n * ln2High - n * ln2Low;
  let sum = 1;
  for (let term = 14; term >= 1; term--) sum = 1 + (sum * rest) / term;
  return sum * powerOfTwo(n);
}

export const power = (base: number, exponent: number): number => exp(exponent * ln(base));

const polynomial = (coefficients: readonly number[], x: number): number => {
  let sum = 0;
  for (let at = coefficients.length - 1; at >= 0; at--)
    sum = sum * x + (coefficients[at] as number);
  return sum;
};

// The rational approximations of Wichura, algorithm AS 241 (PPND16), exact to 1e-15.
const middleTop = [
  3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946, 45921.95393154987,
  67265.7709270087, 33430.57558358813, 2509.0809287301227,
];
const middleBottom = [
  1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597, 39307.89580009271,
  28729.085735721943, 5226.495278852854,
];
const nearTop = [
  1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045, 1.2704582524523684,
  0.2417807251774506, 0.022723844989269184, 0.0007745450142783414,
];
const nearBottom = [
  1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008,
  0.015198666563616457, 0.0005475938084995345, 1.0507500716444169e-9,
];
const farTop = [
  6.657904643501103, 5.463784911164114, 1.7848265399172913, 0.29656057182850487,
  0.026532189526576124, 0.0012426609473880784, 0.000027115555687434876, 2.0103343992922881e-7,
];
const farBottom = [
  1, 0.599832206555888, 0.1369298809227358, 0.014875361290850615, 0.0007868691311456133,
  0.000018463183175100548, 1.421511758316446e-7, 2.0442631033899397e-15,
];

/** The quantile of the standard normal distribution; `p` is above 0 and below 1. */
export function normalQuantile(p: number): number {
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    return (q * polynomial(middleTop, r)) / polynomial(middleBottom, r);
  }
  const r = Math.sqrt(-ln(q < 0 ? p : 1 - p));
  const value =
    r <= 5
      ? polynomial(nearTop, r - 1.6) / polynomial(nearBottom, r - 1.6)
      : polynomial(farTop, r - 5) / polynomial(farBottom, r - 5);
  return q < 0 ? -value : value;
}
