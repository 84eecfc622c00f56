// Shows the OpenAPI document of this server with Swagger UI, which is a file of the docs. It asks
// no other origin for anything.
import { withBase } from 'vitepress';
import { defineComponent, h, onMounted, ref } from 'vue';

interface SwaggerWindow {
  SwaggerUIBundle?: (options: object) => unknown;
}

function load(src: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const script = Object.assign(document.createElement('script'), { src });
    script.onload = () => resolve();
    script.onerror = () => reject(new Error(`${src} cannot be loaded`));
    document.head.append(script);
  });
}

function addStyle(href: string): void {
  if (document.querySelector(`link[href="${href}"]`) !== null) return;
  document.head.append(Object.assign(document.createElement('link'), { rel: 'stylesheet', href }));
}

/** Swagger UI has its dark colours below this class. */
function followScheme(): void {
  const dark = window.matchMedia('(prefers-color-scheme: dark)');
  const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
  dark.addEventListener('change', follow);
  follow();
}

export const ApiReader = defineComponent({
  name: 'ApiReader',
  setup() {
    const place = ref<HTMLElement | null>(null);
    const failed = ref(false);
    onMounted(async () => {
      const global = window as SwaggerWindow;
      followScheme();
      addStyle(withBase('/swagger/swagger-ui.css'));
      try {
        if (global.SwaggerUIBundle === undefined)
          await load(withBase('/swagger/swagger-ui-bundle.js'));
        global.SwaggerUIBundle?.({
          url: '/openapi.json',
          domNode: place.value,
          docExpansion: 'none',
          defaultModelsExpandDepth: 0,
          deepLinking: false,
          displayRequestDuration: true,
          filter: true,
          validatorUrl: null,
          persistAuthorization: false,
        });
      } catch {
        failed.value = true;
      }
    });
    return () => [
      failed.value
        ? h('p', 'The reader cannot be loaded from this server. Open /openapi.json instead.')
        : null,
      h('div', { ref: place, class: 'api-reader' }),
    ];
  },
});
