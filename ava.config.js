// BGPD_BUILD names the folder the tests were compiled into (default: dist).
const build = process.env.BGPD_BUILD ?? 'dist';

export default {
  files: [`${build}/test/**/*.test.js`],
  nodeArguments: ['--enable-source-maps'],
  timeout: '60s',
  utilizeParallelBuilds: false,
};
