import './style/tokens.css';
import './style/base.css';
import { render } from 'preact';
import { beginSession } from './api/session.ts';
import { App } from './app.tsx';
import { watchChoices } from './state/choices.ts';
import { listenToKeys } from './state/keys.ts';
import { watchWaitGraph } from './state/wait-graph.ts';
import { watchOpenFilesystem } from './state/watched.ts';

listenToKeys();
watchOpenFilesystem();
watchWaitGraph();
watchChoices();
void beginSession();
const root = document.getElementById('app');
if (root !== null) render(<App />, root);
