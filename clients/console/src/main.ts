import { createApp } from 'vue';
import 'element-plus/es/components/base/style/css';
import 'element-plus/es/components/button/style/css';
import 'element-plus/es/components/dialog/style/css';
import 'element-plus/es/components/message/style/css';
import './styles/main.css';
import App from './App.vue';
import { router } from './router';
import { resume } from './store';

const app = createApp(App);
app.use(router);
app.mount('#app');
void resume();
