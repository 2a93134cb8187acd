/**
 * The style of the page of saves: light, or dark where the reader prefers it; no font is loaded.
 *
 * @module
 */

export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --edge: #e3e6eb; --text: #1b1f27; --quiet: #66708a;
  --data: #3b76e1; --meta: #8b6cd9; --index: #d99a1c; --scratch: #2aa198; --js-heap: #cf5fa6;
  --rest: #aab2bf; --moved: #e0701b; --bad: #d1383d; --canceled: #a8a29a;
  --bar: #a9c3f1; --rewrite: #a5d8d2; --grid: #e9ecf0;
  --heat0: #eceff3; --heat1: #fde3b4; --heat2: #fbbf6b; --heat3: #f28b3c; --heat4: #d9512c;
  --heat5: #a11d2b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #10131a; --card: #181c23; --edge: #2a303a; --text: #e7eaf0; --quiet: #98a2b3;
    --data: #5b92f5; --meta: #a48bec; --index: #e8b44a; --scratch: #3fc0b4; --js-heap: #e07fbd;
    --rest: #69738a; --moved: #f59149; --bad: #f0656a; --canceled: #7a746c;
    --bar: #33508a; --rewrite: #2b6a64; --grid: #252b34;
    --heat0: #242a33; --heat1: #57431f; --heat2: #8c5d1f; --heat3: #c97526; --heat4: #ee5f3c;
    --heat5: #ff9d8a;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
}
main { max-width: 1120px; margin: 0 auto; padding: 36px 24px 64px; }
h1 { margin: 0 0 4px; font-size: 26px; line-height: 1.25; letter-spacing: -0.01em; }
h2 { margin: 36px 0 12px; font-size: 17px; }
h3 { margin: 22px 0 8px; font-size: 13px; font-weight: 600; }
p { margin: 0; }
.quiet { color: var(--quiet); }
.path { overflow-wrap: anywhere; }
.grid4 { display: grid; grid-template-columns: repeat(auto-fit, minmax(230px, 1fr)); gap: 14px; }
.card {
  background: var(--card); border: 1px solid var(--edge); border-radius: 10px; padding: 16px 18px;
}
.card .label { font-size: 13px; color: var(--quiet); }
.card .value {
  font-size: 25px; line-height: 1.25; font-weight: 600; letter-spacing: -0.01em;
  font-variant-numeric: tabular-nums;
}
.card .note {
  display: flex; justify-content: space-between; gap: 8px; margin-top: 6px; font-size: 12px;
  color: var(--quiet); font-variant-numeric: tabular-nums;
}
svg { display: block; width: 100%; height: auto; overflow: visible; }
.card svg { margin-top: 12px; }
.bar { fill: var(--bar); } .bar.rewrite { fill: var(--rewrite); }
.bar.snapshot.shown { fill: var(--data); } .bar.rewrite.shown { fill: var(--scratch); }
.bar.failed { fill: var(--bad); } .bar.canceled { fill: var(--canceled); }
.base { stroke: var(--edge); stroke-width: 1; } .grid { stroke: var(--grid); stroke-width: 1; }
.tick { font-size: 12px; fill: var(--quiet); font-variant-numeric: tabular-nums; }
.data { fill: var(--data); } .meta { fill: var(--meta); } .index { fill: var(--index); }
.scratch { fill: var(--scratch); } .jsHeap { fill: var(--js-heap); } .rest { fill: var(--rest); }
.moved { fill: none; stroke: var(--moved); stroke-width: 2; stroke-dasharray: 6 4; }
.heat0 { fill: var(--heat0); } .heat1 { fill: var(--heat1); } .heat2 { fill: var(--heat2); }
.heat3 { fill: var(--heat3); } .heat4 { fill: var(--heat4); } .heat5 { fill: var(--heat5); }
.key { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 10px 0 0; padding: 0; }
.key li { display: flex; align-items: center; gap: 7px; list-style: none; font-size: 13px;
  color: var(--quiet); }
.key svg { width: 12px; height: 12px; margin: 0; flex: none; }
details { margin-top: 10px; } details > div { padding-top: 4px; }
summary {
  display: grid; grid-template-columns: max-content 10.5em repeat(4, 1fr) 120px;
  gap: 4px 14px; align-items: end; cursor: pointer; font-variant-numeric: tabular-nums;
}
summary::marker { content: ""; } summary::-webkit-details-marker { display: none; }
summary > span { overflow-wrap: anywhere; } summary > span:first-child { white-space: nowrap; }
summary small { display: block; font-size: 12px; color: var(--quiet); }
details[open] > summary { padding-bottom: 12px; border-bottom: 1px solid var(--edge); }
.outcome::before {
  content: ""; display: inline-block; width: 9px; height: 9px; border-radius: 50%;
  margin-right: 8px; background: var(--data);
}
.outcome.rewrite::before { background: var(--scratch); }
.outcome.failed::before { background: var(--bad); }
.outcome.canceled::before { background: var(--canceled); }
.error {
  margin-top: 14px; padding: 10px 14px; border-left: 3px solid var(--bad); overflow-wrap: anywhere;
  background: color-mix(in srgb, var(--bad) 9%, transparent); border-radius: 0 6px 6px 0;
}
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 10px 18px;
  margin: 14px 0 0; }
dt { font-size: 12px; color: var(--quiet); }
.wide { grid-column: 1 / -1; } summary .spark { margin: 0; }
dd { margin: 0; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
@media (max-width: 820px) { summary { grid-template-columns: 1fr 1fr; } }
`
