/** Imports point one way: functions → lib/composition → lib/{session,upload,access} → lib/protocol. infra/local may import everything but tests. */
const only = (name, from, allowed) => ({
  name,
  severity: 'error',
  from: { path: from },
  to: { path: '^(functions|lib|infra|tests)/', pathNot: [from, ...allowed] },
});

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    only('protocol-is-pure', '^lib/protocol/', []),
    {
      name: 'protocol-has-no-io',
      severity: 'error',
      from: { path: '^lib/protocol/' },
      to: { dependencyTypes: ['core', 'npm', 'npm-dev'] },
    },
    only('session-knows-protocol', '^lib/session/', ['^lib/protocol/']),
    only('events-know-session', '^lib/events/', ['^lib/session/', '^lib/protocol/']),
    only('upload-knows-session-and-protocol', '^lib/upload/', ['^lib/session/', '^lib/protocol/']),
    only('reply-knows-upload', '^lib/reply/', [
      '^lib/access/',
      '^lib/upload/',
      '^lib/session/',
      '^lib/protocol/',
    ]),
    only('access-knows-protocol', '^lib/access/', ['^lib/protocol/']),
    only('lambda-knows-protocol', '^lib/lambda/', ['^lib/protocol/']),
    only('composition-knows-lib', '^lib/composition/', ['^lib/']),
    only('functions-know-lib', '^functions/', ['^lib/']),
    only('product-never-imports-tests', '^infra/', ['^lib/', '^functions/']),
    {
      name: 'ping-and-its-libraries-have-no-sdk',
      severity: 'error',
      from: { path: '^(functions/(ping|unknown-packet)\\.ts$|lib/(protocol|access|lambda)/)' },
      to: { path: 'node_modules/(@aws-sdk|@smithy)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types'] },
  },
};
