/** What AWS lists on demand, in USD an hour; read from its price pages. A price that is not here is not guessed. */

/** When the figures were last read. Shown with each of them. */
export const AS_OF = '2026-06';
export const SOURCE = "AWS's on-demand list prices";

/** Family → the price of its size `large`, Linux, shared hardware. The other sizes are multiples of it. */
export const LARGE: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'us-east-1': {
    t2: 0.0928,
    t3: 0.0832,
    t3a: 0.0752,
    t4g: 0.0672,
    m5: 0.096,
    m5a: 0.086,
    m6i: 0.096,
    m6a: 0.0864,
    m6g: 0.077,
    m7g: 0.0816,
    m7i: 0.1008,
    c5: 0.085,
    c6i: 0.085,
    c6g: 0.068,
    c7g: 0.0725,
    r5: 0.126,
    r6i: 0.126,
    r6g: 0.1008,
    r7g: 0.1071,
  },
  'eu-west-1': {
    t2: 0.1008,
    t3: 0.0912,
    t3a: 0.0816,
    t4g: 0.0736,
    m5: 0.107,
    m6i: 0.107,
    c5: 0.096,
    r5: 0.141,
  },
  'eu-west-2': { t2: 0.1056, t3: 0.0944, m5: 0.111, c5: 0.101, r5: 0.148 },
  'eu-west-3': { t2: 0.1056, t3: 0.0944, t3a: 0.085, m5: 0.112, c5: 0.101, r5: 0.148 },
  'eu-central-1': { t2: 0.1072, t3: 0.096, t3a: 0.0864, t4g: 0.0768, m5: 0.115, c5: 0.097, r5: 0.152 },
};

/** Regions whose prices are another's. */
export const SAME_AS: Readonly<Record<string, string>> = {
  'us-east-2': 'us-east-1',
  'us-west-2': 'us-east-1',
};

/** Sizes as multiples of `large`. */
export const SIZES: Readonly<Record<string, number>> = {
  nano: 1 / 16,
  micro: 1 / 8,
  small: 1 / 4,
  medium: 1 / 2,
  large: 1,
  xlarge: 2,
  '2xlarge': 4,
  '4xlarge': 8,
  '8xlarge': 16,
  '12xlarge': 24,
  '16xlarge': 32,
  '24xlarge': 48,
};

/** RDS for PostgreSQL, MySQL and MariaDB in one zone. */
export const DATABASES: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'us-east-1': {
    'db.t3.micro': 0.018,
    'db.t3.small': 0.036,
    'db.t3.medium': 0.072,
    'db.t4g.micro': 0.016,
    'db.t4g.small': 0.032,
    'db.t4g.medium': 0.065,
  },
};
