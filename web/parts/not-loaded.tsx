import { Button } from './button.tsx';

/** A newer page has other files, and a server that is gone has none. Both end with a reload. */
export function NotLoaded() {
  return (
    <p class="row" role="alert">
      A part of the page could not be loaded: the server is gone, or it has a newer page.
      <Button onClick={() => window.location.reload()}>Reload the page</Button>
    </p>
  );
}
