import { createApp } from 'vue';
import './window.css';
import WindowApp from './WindowApp.vue';

createApp(WindowApp).mount('#app');
