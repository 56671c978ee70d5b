// h5web's own H5GroveProvider, without a browser: answers what it is asked for as JSON.
//
//     node --input-type=module --eval "$(cat h5web.mjs)" URL TOKEN < QUESTIONS
//
// A question is {"row": {"dataCollectionId": 1}, "ask": "entity" | "value" | "attributes" | "paths", "path": …,
// "selection": …}; its answer is {"answer": …} or {"error": the text that h5web shows}.
import { readFileSync } from 'node:fs';
import { createElement } from 'react';
import { renderToString } from 'react-dom/server';
import { createBasicFetcher, H5GroveProvider, useDataContext } from '@h5web/app';

const [url, token] = process.argv.slice(1);
const ask = createBasicFetcher({ headers: { Authorization: `Bearer ${token}` } });

function contextOf(row) {
  let found;
  const Reader = () => ((found = useDataContext()), null);
  const fetcher = (address, { file, ...params }, options) => ask(address, { ...row, ...params }, options);
  renderToString(createElement(H5GroveProvider, { url, filepath: 'file', fetcher }, createElement(Reader)));
  return found;
}

// A store of h5web throws a promise until it has its value.
async function get(store, key) {
  for (;;) {
    try {
      return store.get(key);
    } catch (thrown) {
      if (!(thrown instanceof Promise)) throw thrown;
      await thrown;
    }
  }
}

async function answer({ row, ask, path, selection }) {
  const { entitiesStore, valuesStore, attrValuesStore, getSearchablePaths } = contextOf(row);
  if (ask === 'paths') return getSearchablePaths(path);
  const entity = await get(entitiesStore, path);
  if (ask === 'entity') return entity;
  if (ask === 'attributes') return get(attrValuesStore, entity);
  return get(valuesStore, { dataset: entity, selection });
}

const plain = (key, value) =>
  ArrayBuffer.isView(value) ? [...value].map((one) => plain('', one))
  : typeof value === 'bigint' ? Number(value)
  : value;

const answers = [];
for (const question of JSON.parse(readFileSync(0, 'utf8'))) {
  answers.push(await answer(question).then((found) => ({ answer: found }), (error) => ({ error: error.message })));
}
console.log(JSON.stringify(answers, plain));
