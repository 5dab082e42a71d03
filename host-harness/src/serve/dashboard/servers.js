// Series: the states of one server, oldest first, each `{ time, samples }`. Behind one address there may be several servers, of which
// any one answers. `servers` is a map of their keys to `{ name, start, series, whole }`.

import { total } from "./samples.js";

export const WINDOW = 3600; // seconds that are kept
export const FINE = 600; // seconds of which every state is kept
const COARSE = 55; // seconds between two states before that: a minute, a little more or less
const SILENT = 60; // seconds after which a server that no answer came from is taken for gone
const REPLACED = 10; // the same where another of its name has answered since
const PAUSE = 15; // seconds without a state that the server's own history fills

/** Adds a state to the series of the server that answered, and gives that server. */
export function keep(servers, time, samples) {
  const server = serverOf(servers, samples);
  if (time - (server.series.at(-1)?.time ?? -Infinity) > PAUSE) Object.assign(server, { whole: false, asked: 0 });
  server.series = thin([...server.series, { time, samples }], time);
  for (const [key, { series }] of servers) if (time - series.at(-1).time > WINDOW) servers.delete(key);
  return server;
}

/** Adds the states of a server's history to its series. */
export function join(servers, states) {
  const last = states.at(-1);
  const server = serverOf(servers, last.samples);
  const known = server.series.filter(({ time }) => time < states[0].time || !states.some((state) => Math.abs(state.time - time) < 0.5));
  const time = Math.max(last.time, server.series.at(-1)?.time ?? 0);
  server.series = thin([...states, ...known].sort((a, b) => a.time - b.time), time);
  server.whole = true;
}

function serverOf(servers, samples) {
  const name = samples.get("cutout_server_info")?.[0]?.labels.host ?? "server";
  const start = total(samples, "process_start_time_seconds");
  const key = `${name} ${start}`; // a server that was started again counts from zero
  if (!servers.has(key)) servers.set(key, { name, start, series: [], whole: false, asked: 0 });
  return servers.get(key);
}

/** States within the window, before the last minutes one a minute. */
export function thin(states, now) {
  const kept = [];
  for (const state of states) {
    const age = now - state.time;
    const isClose = kept.length > 0 && state.time - kept.at(-1).time < COARSE;
    if (age <= FINE || (age <= WINDOW && !isClose)) kept.push(state);
  }
  return kept;
}

/** Keys and servers that answered at `time`, each with its series up to then. */
export function present(servers, time) {
  const all = [...servers].map(([key, server]) => {
    const end = server.series.findLastIndex((state) => state.time <= time) + 1;
    return [key, { ...server, series: server.series.slice(0, end) }];
  });
  const begun = all.filter(([, { series }]) => series.length > 0);
  return begun.filter(([, { name, start, series }]) => {
    const silent = time - series.at(-1).time;
    const isReplaced = begun.some(([, other]) => other.name === name && other.start > start);
    return silent <= (isReplaced ? REPLACED : SILENT);
  });
}

/** Times at which the sum of all servers is shown. */
export function times(servers, now) {
  const all = [...servers.values()].flatMap(({ series }) => series.map(({ time }) => ({ time })));
  return thin(all.sort((a, b) => a.time - b.time), now).map(({ time }) => time);
}
