// The report of a lab: one file with the result inside, which opens without a server or a network.
import '../style/tokens.css';
import '../style/base.css';
import '../app.css';
import '../parts/button.css';
import { render } from 'preact';
import type { LabResult } from '../lab/result.ts';
import { Report } from './report.tsx';

const written = document.getElementById('lab-result')?.textContent ?? 'null';
const result = JSON.parse(written) as LabResult | null;
const root = document.getElementById('app');
if (root !== null) render(<Report result={result} />, root);
if (result !== null) document.title = `${result.name} · Pinhole lab`;
