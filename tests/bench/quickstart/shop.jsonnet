// The quickstart's deployment with the same constraints, in Jsonnet.
local share(x) = assert x >= 0 && x <= 100 : 'share'; x;
local between(x, low, high) = assert x >= low && x <= high : 'range'; x;

local hosts = { directory: 'run/shop' };
local edge = { socket: 'run/haproxy.sock', timeout: 5 };
local prom = { url: 'http://127.0.0.1:18490', timeout: 2, fresh: 5 };

local Response = { hold: error 'hold', 'then': 'fail' };
local Condition = {
  kind: error 'kind',
  signal: error 'signal',
  comparison: error 'comparison',
  quantile: null,
  against: null,
  offset: 0,
  proven: null,
  assert std.member(['reject', 'require'], self.kind),
  assert std.member(['<', '<=', '>', '>='], self.comparison),
};
local Gate = {
  every: error 'every',
  minimum: 0,
  harm: null,
  conditions: [],
  no_data: null,
  undecided: null,
  assert std.length(self.conditions) > 0 : 'conditions',
};
local Phase = { name: error 'name', share: error 'share', hold: error 'hold', judge: error 'judge' };

local checkout = {
  name: 'checkout',
  workload: {
    target: hosts,
    command: ['run/bin/shop-${version}', '--port', '${port}'],
    ready: { path: '/healthz' },
    replicas: between(4, 1, 100),
    ports_from: between(18410, 1024, 65000),
    drain: 10,
  },
  router: { target: edge, backend: 'checkout' },
  traffic_per_second: 400,
  signals: {
    error_rate: { source: prom, kind: 'ratio', part: 'shop_errors_total', of: 'shop_requests_total', by: 'track' },
    latency: { source: prom, kind: 'histogram', part: 'shop_request_seconds', by: 'track' },
  },
};

local ten_seconds = Response { hold: 10 };

local healthy = Gate {
  every: 1,
  minimum: 200,
  harm: share(3),
  conditions: [
    Condition { kind: 'reject', signal: 'error_rate', comparison: '>', against: 'stable', offset: 1, proven: 99 },
    Condition { kind: 'require', signal: 'error_rate', comparison: '<=', against: 'stable', offset: 3, proven: 95 },
    Condition { kind: 'require', signal: 'latency', quantile: 99, comparison: '<', offset: 0.5 },
  ],
  no_data: ten_seconds,
  undecided: ten_seconds,
};

local steady = Gate {
  every: 1,
  conditions: [
    Condition { kind: 'reject', signal: 'error_rate', comparison: '>', offset: 1, proven: 99 },
    Condition { kind: 'require', signal: 'error_rate', comparison: '<', offset: 1 },
  ],
  no_data: ten_seconds,
};

{
  checkout: checkout,
  release: {
    service: checkout.name,
    image: 'shop:1.1',
    phases: [
      Phase { name: 'canary', share: share(10), hold: 12, judge: healthy },
      Phase { name: 'pilot', share: share(50), hold: 8, judge: healthy },
      Phase { name: 'full', share: share(100), hold: 8, judge: steady },
    ],
    rollback: { unhealthy_above: share(10), held: 3, within: 30, verify: steady, verify_within: 15 },
  },
  tests: [
    { name: 'a good version arrives', given: { canary: 0, stable: 0 }, outcome: 'succeeded', within: 45 },
    {
      name: 'five errors in a hundred are caught in the first phase',
      given: { canary: 5, stable: 0 },
      outcome: 'rolled back',
      phase: 'canary',
      within: 30,
    },
  ],
}
