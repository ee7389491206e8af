// Modules, workers, streams, compression, hashes, promises, typed arrays.
const crypto = require('crypto'), fs = require('fs'), os = require('os'), path = require('path');
const zlib = require('zlib'), { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
const { execFileSync } = require('child_process');

if (!isMainThread) {
  let sum = 0;
  for (let i = 0; i < workerData; i++) sum += i;
  parentPort.postMessage(sum);
} else {
  const hash = value => crypto.createHash('sha256').update(value).digest('hex').slice(0, 16);
  const objects = Array.from({ length: 20000 }, (_, i) => ({ id: i, name: 'n' + i * 7919 % 1000, list: [i, i + 1] }));
  console.log(hash(JSON.stringify(objects)));
  const grouped = new Map();
  for (const o of objects) grouped.set(o.name, (grouped.get(o.name) || 0) + o.id);
  console.log(hash([...grouped].sort().join()));
  console.log(hash(zlib.gunzipSync(zlib.gzipSync(Buffer.alloc(1 << 20, 'weir')))));
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'weir-node-'));
  fs.writeFileSync(path.join(directory, 'f'), 'text');
  console.log(fs.readdirSync(directory).join(), execFileSync('echo', ['child']).toString().trim());
  fs.rmSync(directory, { recursive: true });
  const work = n => new Promise((done, fail) => {
    const worker = new Worker(__filename, { workerData: n });
    worker.on('message', done).on('error', fail);
  });
  Promise.all([work(1e6), work(2e6)]).then(sums => {
    console.log(sums.join());
    process.exitCode = 3;
  });
}
